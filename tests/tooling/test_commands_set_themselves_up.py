from tests.tooling.conftest import Copy

SETTING_UP = "Setting up (first start only, about a minute) …\n"


def refusal(clone: Copy) -> str:
    result = clone.run("bin/manage", "migrate")
    assert result.returncode != 0
    assert "ran:" not in result.stdout
    assert result.stderr.startswith(SETTING_UP)
    sentence = result.stderr.removeprefix(SETTING_UP)
    assert sentence.count("\n") == 1, "one sentence, on one line"
    return sentence


def test_without_a_python_it_says_in_one_sentence_what_to_install(bare: Copy) -> None:
    assert "Python 3.11 or newer is needed" in refusal(bare)


def test_a_python_that_is_too_old_is_none(clone: Copy) -> None:
    clone.say("python3-is-old")
    assert "Python 3.11 or newer is needed" in refusal(clone)


def test_without_venv_it_says_in_one_sentence_what_to_install(clone: Copy) -> None:
    clone.say("venv-fails")
    assert "apt-get install python3-venv" in refusal(clone)


def test_without_ensurepip_it_says_the_same_and_tries_nothing(clone: Copy) -> None:
    clone.say("python3-has-no-ensurepip")
    assert "apt-get install python3-venv" in refusal(clone)
    assert not clone.asked("-m venv")


def test_another_python_is_taken_where_the_first_is_too_old_or_incomplete(clone: Copy) -> None:
    clone.say("python3-has-no-ensurepip")
    clone.say("python3.14-is-old")
    clone.add_python("python3.14")
    clone.add_python("python3.12")
    assert clone.run("bin/manage", "migrate").returncode == 0


def test_the_first_start_installs_the_hashed_lock_and_the_second_nothing(clone: Copy) -> None:
    first = clone.run("bin/manage", "migrate")
    assert (first.returncode, first.stderr) == (0, SETTING_UP)
    (installation,) = clone.asked("-m pip")
    assert "--require-hashes" in installation
    assert installation.endswith(f"{clone.root}/requirements/base.txt")
    clone.forget()
    second = clone.run("bin/manage", "migrate")
    assert (second.returncode, second.stderr) == (0, "")
    assert clone.asked("-m") == []


def test_a_changed_lock_is_installed_into_the_same_environment(clone: Copy) -> None:
    clone.run("bin/manage", "migrate")
    (clone.root / "requirements/base.txt").write_text("base==2 --hash=sha256:00\n")
    clone.forget()
    assert clone.run("bin/manage", "migrate").returncode == 0
    assert len(clone.asked("-m pip")) == 1
    assert clone.asked("-m venv") == []


def test_an_environment_left_half_made_is_made_again(clone: Copy) -> None:
    clone.say("pip-fails")
    assert "Could not install what requirements/base.txt names" in refusal(clone)
    clone.unsay("pip-fails")
    clone.forget()
    (clone.root / ".venv/left-over").touch()
    assert clone.run("bin/manage", "migrate").returncode == 0
    assert len(clone.asked("-m venv")) == 1
    assert not (clone.root / ".venv/left-over").exists()


def test_an_environment_left_half_changed_is_made_again(clone: Copy) -> None:
    clone.run("bin/manage", "migrate")
    (clone.root / "requirements/base.txt").write_text("base==2 --hash=sha256:00\n")
    clone.say("pip-fails")
    refusal(clone)
    clone.unsay("pip-fails")
    clone.forget()
    assert clone.run("bin/manage", "migrate").returncode == 0
    assert len(clone.asked("-m venv")) == 1


def test_an_environment_whose_python_was_replaced_is_made_again(clone: Copy) -> None:
    clone.run("bin/manage", "migrate")
    clone.say("version", "Python 3.13.1")
    clone.forget()
    assert clone.run("bin/manage", "migrate").returncode == 0
    assert len(clone.asked("-m venv")) == 1


def test_the_development_environment_serves_the_demo_too(clone: Copy) -> None:
    assert clone.run("bin/test").returncode == 0
    clone.forget()
    assert clone.run("bin/demo").stderr == ""
    assert clone.asked("-m pip") == []


def test_tests_after_the_demo_add_what_they_need(clone: Copy) -> None:
    clone.run("bin/demo")
    clone.forget()
    assert clone.run("bin/test").returncode == 0
    assert clone.asked("-m venv") == []
    assert clone.asked("-m pip")[0].endswith("requirements/dev.txt")


def test_two_first_starts_at_once_install_once(clone: Copy) -> None:
    clone.say("seconds", "0.5")
    both = [clone.start("bin/manage", "migrate") for _ in range(2)]
    for process in both:
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "ran: " in out
    assert len(clone.asked("-m pip")) == 1
    assert len(clone.asked("-m venv")) == 1


def test_uv_does_the_work_where_it_is_on_the_path(clone: Copy) -> None:
    clone.add_uv()
    clone.say("python3-has-no-ensurepip")
    assert clone.run("bin/manage", "migrate").returncode == 0
    assert len(clone.asked("uv venv")) == 1
    assert "--require-hashes" in clone.asked("uv pip install")[0]
    assert clone.asked("-m pip") == clone.asked("-m venv") == []


def test_an_environment_that_uv_made_is_made_again_where_uv_is_gone(clone: Copy) -> None:
    clone.add_uv()
    clone.run("bin/manage", "migrate")
    (clone.path / "uv").unlink()
    clone.forget()
    assert clone.run("bin/manage", "migrate").stderr == "", "what is installed does not need uv"
    assert clone.run("bin/test").returncode == 0
    assert len(clone.asked("-m venv")) == len(clone.asked("-m pip")) == 1


def test_uv_without_any_python_is_asked_for_one(bare: Copy) -> None:
    bare.add_uv()
    assert "Python 3.11 or newer is needed" in refusal(bare)
    assert bare.asked("uv python install")
