"""The promises of docs/reliability.md, kept or broken by real processes: `bin/chaos`, and the tests beside this."""
