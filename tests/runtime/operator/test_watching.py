from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import Listed, Page, Refused, SearchTasks
from tests.runtime.operator.watching import Backend, Scene, row


def test_the_backend_shows_the_rows_that_match_page_by_page() -> None:
    """And refuses a field that nobody has."""
    backend = Backend(row(1), row(2, job="j-2"), row(3))
    mine = Comparison("job_id", Operator.EQUAL, ("j-1",))
    nobodys = Comparison("noSuchField", Operator.EQUAL, ("x",))

    assert backend(SearchTasks(mine, Page(2, 1))) == Listed((row(3),), 2, 1, 2)
    assert isinstance(backend(SearchTasks(nobodys)), Refused)


def test_a_scene_counts_nothing_before_it_watches() -> None:
    """Time alone asks no questions."""
    scene = Scene(Backend(row(1)))

    scene.run(5_000)

    assert (scene.polled, scene.polls(), scene.desk.asked) == (0, [], [])
