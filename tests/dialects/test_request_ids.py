from fleet_sim.dialects.request_ids import RequestIds


def _ids(epoch_ms: int = 7, seed: int = 1) -> RequestIds:
    ids = RequestIds(seed, "org")
    ids.came_in(epoch_ms)
    return ids


def test_an_id_is_hex_and_no_other_s() -> None:
    """Those of backends' answers by their numbers, the others in turn."""
    ids = _ids()

    found = [ids.of(1), ids.of(2), ids.fresh(), ids.fresh()]

    assert len(set(found)) == len(found)
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in found)


def test_the_same_number_has_the_same_id() -> None:
    """Whatever came in meanwhile: only the first request counts."""
    ids = _ids()
    before = ids.of(1)

    ids.came_in(8)

    assert ids.of(1) == before == _ids().of(1)


def test_a_later_process_repeats_no_id() -> None:
    """The seed is the store's and comes back, the counters begin anew."""
    earlier, later = _ids(7), _ids(8)

    assert earlier.of(1) != later.of(1)
    assert earlier.fresh() != later.fresh()


def test_another_seed_has_other_ids() -> None:
    """Two stores have nothing in common."""
    assert _ids(seed=1).of(1) != _ids(seed=2).of(1)
