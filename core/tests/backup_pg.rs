//! PostgreSQL base backups: every scenario of pg_verifybackup's own tests made for real, ours and `pg_verifybackup` side by side.

#[path = "backup_bag/mod.rs"]
mod common;
#[path = "backup_pg/manifests.rs"]
mod manifests;
#[path = "backup_pg/scenarios.rs"]
mod scenarios;
#[path = "backup_pg/server.rs"]
mod server;
#[path = "backup_pg/side.rs"]
mod side;
