"""One side of the SCIM benchmark, asked over its standard input: `python -m tests.benchmarks.scim_side ours 10000 5000`."""

import importlib
import json
import sys


def main(name, people, members):
    side_of = importlib.import_module(f"tests.benchmarks.scim_{name}").side
    from django.db import connection

    created = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        sides = {people: side_of(people, members)}
        looked_at(connection)
        print(json.dumps({"ready": connection.vendor}), flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(sides, side_of, connection, **json.loads(line))), flush=True)
    finally:
        connection.creation.destroy_test_db(created, verbosity=0)


def answer(sides, side_of, connection, *, people, members, work, times=0):
    """`times` 0: how many queries one takes. Else CPU seconds of each."""
    if people not in sides:
        sides[people] = side_of(people, members)
        looked_at(connection)
    side = sides[people]
    if times:
        return {"seconds": side.measured(work, times)}
    queries = []

    def counted(execute, sql, parameters, many, context):
        queries.append(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(counted):
        side.send(getattr(side, work)())
    return {"queries": len(queries), "sql": queries}


def looked_at(connection):
    """PostgreSQL looks at a table that has changed within a minute, by itself; these were filled a moment ago."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
