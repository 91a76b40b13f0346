//! The committed JSON Schemas are those of the code. `OPSLEDGER_UPDATE=1` writes them anew.

use serde_json::Value;

fn compare(name: &str, schema: &Value) {
    let path = format!("{}/../schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let now = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    if std::env::var_os("OPSLEDGER_UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "{path} is not what the code says; run with OPSLEDGER_UPDATE=1 and look at the difference"
    );
}

#[test]
fn committed() {
    compare("contract", &opsledger::contract::schema());
    compare("fact", &opsledger::facts::schema());
    compare("assessment", &opsledger::assess::schema());
}

#[cfg(feature = "backup")]
#[test]
fn committed_of_backups() {
    compare("backup-report", &opsledger::backup::report_schema());
    compare("backup-options", &opsledger::backup::options_schema());
}
