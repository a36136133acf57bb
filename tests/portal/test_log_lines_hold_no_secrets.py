import io
import json
import logging
import logging.config

import structlog

from portal import logs


def written(act):
    stream = io.StringIO()
    configuration = logs.configuration(debug=False)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=logs.SHARED, processors=configuration["formatters"]["line"]["processors"]
        )
    )
    logger = logging.getLogger("gatehouse.tests")
    logger.addHandler(handler)
    try:
        act()
    finally:
        logger.removeHandler(handler)
    return json.loads(stream.getvalue())


def test_a_value_named_as_a_secret_is_masked_and_others_are_not():
    line = written(
        lambda: structlog.get_logger("gatehouse.tests").warning(
            "refused", scim_token="CANARY", host="gitlab.com"
        )
    )
    assert "CANARY" not in json.dumps(line)
    assert (line["scim_token"], line["host"], line["event"]) == ("•••", "gitlab.com", "refused")


def test_lines_of_libraries_have_the_same_form():
    line = written(lambda: logging.getLogger("gatehouse.tests").warning("from a library"))
    assert (line["event"], line["level"]) == ("from a library", "warning")


def test_checkpoints_are_lines_of_the_log_where_they_are_asked_for():
    loggers = {
        asked: logs.configuration(debug=False, checkpoints=asked)["loggers"] for asked in (True, False)
    }
    levels = {asked: loggers[asked]["apps.events.checkpoints"]["level"] for asked in loggers}
    assert levels == {True: "INFO", False: "WARNING"}
    assert logs.configuration(debug=False)["loggers"] == loggers[True]
