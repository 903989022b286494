"""Runs the tasks of a DAG on Ray: scheduling, model servers, workers, budgets, interrupts."""
