-- The audit log.

-- name: audit_insert
INSERT INTO audit_log (id, created_at, actor, remote, act, target, outcome, times)
VALUES (:id, :created_at, :actor, :remote, :act, :target, :outcome, :times)

-- name: audit_list
-- Newest first, what comes before (:before_at, :before_id). Each filter may be null: no filter.
SELECT id, created_at, actor, remote, act, target, outcome, times FROM audit_log
WHERE (CAST(:actor AS TEXT) IS NULL OR actor = :actor) AND (CAST(:act AS TEXT) IS NULL OR act = :act)
  AND created_at >= :since AND created_at <= :until AND (created_at, id) < (:before_at, :before_id)
ORDER BY created_at DESC, id DESC LIMIT :limit

-- name: audit_prune
DELETE FROM audit_log WHERE created_at < :before
