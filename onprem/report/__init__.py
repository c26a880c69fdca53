"""Self-contained HTML reports with inline SVG: nothing is fetched, nothing runs, no value of a record is shown."""
