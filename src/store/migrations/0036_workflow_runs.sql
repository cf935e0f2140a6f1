-- The runs of a workflow are listed newest first, and counted, without reading those of the other workflows.
DROP INDEX workflow_runs_workspace;
CREATE INDEX workflow_runs_listed ON workflow_runs (workspace, workflow, id);
