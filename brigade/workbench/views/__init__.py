"""Pages of the workbench and of the platform slices that have none of their own."""
