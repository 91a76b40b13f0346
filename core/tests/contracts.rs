//! The ready-made contracts load, and say in Chinese what they promise and where it stands.

use opsledger::contract::Contract;
use opsledger::rules::RuleParams;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts")
}

fn load(file: &Path) -> Contract {
    Contract::parse_bytes(file.to_str(), &std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn each_loads_and_each_clause_has_text_and_reference() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let contract = load(&file);
        assert!(!contract.clauses.is_empty(), "{file:?}");
        for clause in &contract.clauses {
            let text = clause.text.as_deref().unwrap_or_default();
            let chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(chinese && clause.reference.is_some(), "{file:?} {}", clause.id);
            let unbuilt = matches!(clause.rule, RuleParams::Unbuilt("transfer"));
            assert!(unbuilt || !matches!(clause.rule, RuleParams::Unbuilt(_)), "{file:?} {}", clause.id);
        }
    }
}

/// A case carries its contract as text, so that every language runs it as any other; the text is the file's.
#[test]
fn the_cases_of_the_other_contracts_are_of_their_files() {
    let file = folder().join("../tests/cases/rules/contracts.json");
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut named: Vec<String> = Vec::new();
    for case in cases["rules"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        assert!(case["contract"] == text, "contracts/{name}.toml changed: put its text into the case");
        // Every clause has its expectation.
        for clause in load(&folder().join(format!("{name}.toml"))).clauses {
            let asks = case["asks"].as_array().unwrap();
            assert!(asks.iter().any(|a| a["expect"].get(&clause.id).is_some()), "{name}: {}", clause.id);
        }
        named.push(name.to_owned());
    }
    named.sort();
    assert_eq!(named, ["cloud-sla", "hardware-5x8", "itss-catalogue"]);
}

#[test]
fn the_numbers_of_the_medical_contract() {
    use opsledger::contract::{Limit, Within};
    use opsledger::rules::outage_count::Threshold;
    use opsledger::time::{DAY, HOUR};
    let contract = load(&folder().join("medical-education.toml"));
    let rule = |id: &str| &contract.clauses.iter().find(|c| c.id == id).unwrap().rule;
    let RuleParams::OutageCount(long) = rule("quality.long-outages") else { panic!() };
    assert_eq!((long.max, long.threshold), (2, Threshold::AtLeast(HOUR)));
    let RuleParams::OutageCount(short) = rule("quality.short-outages") else { panic!() };
    assert_eq!((short.max, short.threshold), (5, Threshold::Below(HOUR)));
    let RuleParams::Downtime(total) = rule("quality.downtime") else { panic!() };
    assert_eq!(total.max, 10 * HOUR);
    let within = |id| match rule(id) {
        RuleParams::Deadline(d) => d.within.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(within("support.respond"), Within::One(Limit::Elapsed(HOUR)));
    assert_eq!(within("support.diagnose"), Within::One(Limit::Elapsed(2 * HOUR)));
    assert_eq!(within("support.onsite"), Within::One(Limit::Elapsed(2 * HOUR)));
    let by = [("critical", 4 * HOUR), ("major", 8 * HOUR), ("minor", 3 * DAY)];
    let by = by.map(|(s, us)| (s.to_owned(), Limit::Elapsed(us)));
    assert_eq!(within("support.repair"), Within::By(by.into()));
    // What the requirements say in figures is not assumed; what they leave to the offer is.
    let assumed = |id: &str| contract.clauses.iter().find(|c| c.id == id).unwrap().assumed;
    for id in ["quality.long-outages", "quality.short-outages", "quality.downtime", "support.respond"] {
        assert!(!assumed(id), "{id}");
    }
    for id in ["care.inspection", "security.round", "team.replace-notice", "support.termination-right"] {
        assert!(!assumed(id), "{id}");
    }
    for id in ["support.repair", "team.replace-consent", "security.findings", "documents.delivery"] {
        assert!(assumed(id), "{id}");
    }
    let RuleParams::Streak(streak) = rule("support.termination-right") else { panic!() };
    assert_eq!((streak.length, streak.of.as_str()), (3, "support.repair"));
    assert_eq!(streak.effect.as_deref(), Some("采购方有权解除合同"));
    let needs = &contract.needs;
    assert!(needs.attribution && needs.lowering && needs.late_pause);
}
