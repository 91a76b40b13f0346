//! Clauses: common keys, what they name, circles among them. The keys of a rule stand in the rule's own file.

use super::reader::{At, Node, Read, Table, quote};
use super::tables::{CommonText, HoldsText};
use super::top::{check_dates, instants, unique};
use super::values::Text;
use crate::calendar::{CalendarSpec, Date, Zone};
use crate::contract::{BackupSet, Clause, Fault};
use crate::error::{Code, Result};
use crate::rules::{RULE_NAMES, RuleText};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What clauses may name.
pub(crate) struct Frame<'a> {
    pub(crate) zone: Zone,
    pub(crate) period_dates: (Date, Date),
    pub(crate) holidays: Option<&'a str>,
    pub(crate) calendars: &'a BTreeMap<String, CalendarSpec>,
    pub(crate) faults: &'a [Fault],
    pub(crate) backups: &'a [BackupSet],
}

impl Frame<'_> {
    /// The id of a calendar that exists.
    pub(crate) fn calendar(&self, name: At<'_, Text>) -> Result<String> {
        let At { value: Text(id), node } = name;
        if self.calendars.contains_key(&id) {
            return Ok(id);
        }
        node.unknown(Code::ContractReference, &id, self.calendars.keys().map(String::as_str))
    }
}

/// The parameters of a rule as written.
pub(crate) trait Written<'a>: Table<'a> {
    /// What they come to.
    type Params;
    /// Checks them together; `clause` is the clause's table.
    fn resolve(self, frame: &Frame<'_>, clause: &Node<'a>) -> Result<Self::Params>;
    /// The clauses that they name.
    fn names(&self) -> Vec<Named<'a>> {
        Vec::new()
    }
}

/// The name of another clause, and the rules that one may have (empty: any).
pub(crate) struct Named<'a> {
    pub(crate) name: At<'a, Text>,
    pub(crate) rules: &'static [&'static str],
}

/// A `[[clause]]` as written.
#[derive(Clone)]
pub(crate) struct ClauseTable<'a> {
    common: CommonText<'a>,
    rule: RuleText<'a>,
}

impl<'a> Read<'a> for ClauseTable<'a> {
    const EXPECTED: (&'static str, &'static str) = ("a table, [[clause]]", "表：[[clause]]");
    fn read(node: &Node<'a>) -> Result<Self> {
        node.keys()?;
        let Some(rule_node) = node.get("rule") else {
            let names = RULE_NAMES.join(", ");
            let mut at = node.clone();
            at.path.push_str(".rule");
            return at.fail(
                Code::ContractMissing,
                format!("add rule = …, one of {names}"),
                format!("请补充 rule = …，可用：{names}"),
            );
        };
        let Text(rule) = Text::read(&rule_node)?;
        let Some(name) = RULE_NAMES.iter().find(|n| **n == rule) else {
            return rule_node.unknown(Code::ContractRule, &rule, RULE_NAMES.iter().copied());
        };
        if let Some(mut known) = RuleText::keys(name) {
            known.extend(CommonText::keys());
            node.only(&known)?;
        }
        Ok(ClauseTable { common: CommonText::fields(node)?, rule: RuleText::read(name, node)? })
    }
}

/// Checks the clauses together.
pub(super) fn resolve<'a>(
    frame: &Frame<'_>,
    list: At<'a, Vec<At<'a, ClauseTable<'a>>>>,
) -> Result<Vec<Clause>> {
    let mut lines = BTreeMap::new();
    for clause in &list.value {
        unique(&clause.value.common.id, &mut lines)?;
    }
    check_references(&list.value)?;
    list.value.into_iter().map(|clause| resolve_clause(frame, clause)).collect()
}

fn resolve_clause<'a>(
    frame: &Frame<'_>,
    At { value: ClauseTable { common, rule }, node }: At<'a, ClauseTable<'a>>,
) -> Result<Clause> {
    let holds = common.holds.map(|h| holds(frame, h)).transpose()?;
    let rule = rule.resolve(frame, &node)?;
    Ok(Clause {
        id: common.id.value.0,
        reference: common.reference.map(|t| t.value.0),
        text: common.text.map(|t| t.value.0),
        party: common.party.map_or_else(|| "supplier".to_owned(), |t| t.value.0),
        assumed: common.assumed.is_some_and(|f| f.value.0),
        warn_fraction: common.warn_fraction.map(|f| f.value.0),
        holds,
        rule,
    })
}

fn holds(frame: &Frame<'_>, text: At<'_, HoldsText<'_>>) -> Result<crate::time::Interval> {
    let At { value: h, node } = text;
    let at = h.until.as_ref().map_or(node, |u| u.node.clone());
    let dates = (
        h.from.map_or(frame.period_dates.0, |d| d.value.0),
        h.until.map_or(frame.period_dates.1, |d| d.value.0),
    );
    check_dates(dates, &at)?;
    Ok(instants(frame.zone, dates))
}

fn check_references(list: &[At<'_, ClauseTable<'_>>]) -> Result<()> {
    let ids: Vec<&str> = list.iter().map(|c| c.value.common.id.value.0.as_str()).collect();
    let position = |id: &str| ids.iter().position(|i| *i == id);
    let mut edges = Vec::new();
    for clause in list {
        let mut out = Vec::new();
        for named in clause.value.rule.names() {
            let At { value: Text(id), node } = named.name;
            match position(&id) {
                Some(i) => out.push((i, node, named.rules)),
                None => return node.unknown(Code::ContractReference, &id, ids.iter().copied()),
            }
        }
        edges.push(out);
    }
    check_circles(&ids, &edges)?;
    for (to, node, rules) in edges.into_iter().flatten() {
        if rules.is_empty() || rules.contains(&list[to].value.rule.name()) {
            continue;
        }
        let fitting = || list.iter().filter(|c| rules.contains(&c.value.rule.name()));
        let fitting: Vec<&str> = fitting().map(|c| c.value.common.id.value.0.as_str()).collect();
        let key = node.path.rsplit('.').next().unwrap_or_default().to_owned();
        return node.fail(
            Code::ContractReference,
            format!("{key} names a clause of rule {}: {}", rules.join(", "), fitting.join(", ")),
            format!("{key} 须指向 {} 规则的条款：{}", rules.join("、"), fitting.join("、")),
        );
    }
    Ok(())
}

/// Walks every path of names without recursion; `done` clauses lead to no circle.
fn check_circles(ids: &[&str], edges: &[Vec<(usize, Node<'_>, &[&str])>]) -> Result<()> {
    let mut done = vec![false; ids.len()];
    for start in 0..ids.len() {
        // Each step: a clause, and which of its names comes next.
        let mut path = vec![(start, 0)];
        while let Some((clause, next)) = path.last_mut() {
            let here = *clause;
            let Some((to, node, _)) = (if done[here] { None } else { edges[here].get(*next) }) else {
                done[here] = true;
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(first) = path.iter().position(|(c, _)| c == to) {
                let circle: Vec<String> =
                    path[first..].iter().map(|(c, _)| *c).chain([*to]).map(|c| quote(ids[c])).collect();
                let circle = circle.join(" → ");
                return node.fail(
                    Code::ContractCycle,
                    format!("{circle}; name a clause that does not lead back"),
                    format!("{circle}；请改为不会绕回的条款"),
                );
            }
            path.push((*to, 0));
        }
    }
    Ok(())
}

impl JsonSchema for ClauseTable<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Clause".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = CommonText::json_schema(generator);
        let variants: Vec<Value> = RULE_NAMES
            .iter()
            .map(|name| match RuleText::schemas(name, generator) {
                Some(own) => variant(name, &common, &own, false),
                None => variant(name, &common, &[], true),
            })
            .collect();
        json_schema!({ "description": "One promise.", "oneOf": variants })
    }
}

/// The schema of the clauses of one rule: the common keys and its own.
fn variant(name: &str, common: &Schema, own: &[Schema], further: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in std::iter::once(common).chain(own) {
        if let Some(Value::Object(keys)) = part.get("properties") {
            properties.extend(keys.clone());
        }
        if let Some(Value::Array(keys)) = part.get("required") {
            required.extend(keys.clone());
        }
    }
    properties.insert("rule".to_owned(), json!({ "const": name }));
    json!({
        "type": "object",
        "description": own.first().and_then(|s| s.get("description")).cloned().unwrap_or_else(|| json!(format!("{name}: reserved, its parameters are kept unread"))),
        "properties": properties,
        "required": required,
        "additionalProperties": further,
    })
}
