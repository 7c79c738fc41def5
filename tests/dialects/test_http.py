from __future__ import annotations

from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse


def test_headers_are_found_without_regard_to_case() -> None:
    """HTTP compares header names without case; the first of a name counts."""
    request = HttpRequest("GET", "/", headers=(("Apim-Token", "a"), ("apim-token", "b")))

    assert request.header("APIM-TOKEN") == "a"
    assert request.header("missing") == ""


def test_secrets_and_files_stay_out_of_a_printed_request() -> None:
    """Headers hold tokens and parts hold megabytes; neither belongs into a log."""
    part = HttpPart("file", b"firmware-bytes", file_name="fw.bin")
    request = HttpRequest("POST", "/", headers=(("token", "secret"),), parts=(part,))

    assert "secret" not in repr(request)
    assert "firmware-bytes" not in repr(request)


def test_an_answer_is_json_unless_it_says_otherwise() -> None:
    """Every answer of a northbound API here is JSON."""
    assert HttpResponse(200, b"{}").headers == (("Content-Type", "application/json;charset=utf-8"),)


def test_an_answers_headers_are_found_as_a_requests_are() -> None:
    """Without regard to case."""
    answer = HttpResponse(200, b"", (("Topic", "a"),))

    assert (answer.header("topic"), answer.header("missing")) == ("a", "")
