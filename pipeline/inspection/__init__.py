"""Looking at a run: plan, forecast, status, the live view, the lineage of a row, cleaning up."""
