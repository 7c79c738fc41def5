from __future__ import annotations

from tests.dialects.huawei.scene import Scene


def test_a_scene_makes_what_its_tests_begin_with() -> None:
    """By either generation, on one backend."""
    scene = Scene()

    operation_id, task_id = scene.ordered("p1_d1"), scene.batched("p1_d1", "p1_d2")

    assert list(scene.shelf.jobs) == [operation_id, task_id]
    assert len(scene.shelf.firmware) == 2
    assert len(scene.shelf.tasks) == 3
