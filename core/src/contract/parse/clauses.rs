//! Clauses: common keys, parameters by rule, what they name, circles among them.

use super::reader::{At, Node, Read, Table, quote};
use super::tables::{
    CommonText, DeadlineText, DowntimeText, HoldsText, OutageCountText, ScopeText, StreakText,
};
use super::top::{ALWAYS, check_dates, instants, positive, texts, unique};
use super::values::{OneOrMany, Text};
use crate::calendar::{CalendarSpec, Date, Zone};
use crate::contract::Clause;
use crate::error::{Code, Result};
use crate::rules::{OutageScope, RULE_NAMES, RuleParams, deadline, downtime, outage_count, streak};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What clauses may name.
pub(super) struct Frame<'a> {
    pub(super) zone: Zone,
    pub(super) period_dates: (Date, Date),
    pub(super) calendars: &'a BTreeMap<String, CalendarSpec>,
}

/// A `[[clause]]` as written.
#[derive(Clone)]
pub(crate) struct ClauseTable<'a> {
    common: CommonText<'a>,
    rule: RuleText<'a>,
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "a contract has some dozen of them, for the time it is read")]
enum RuleText<'a> {
    OutageCount(ScopeText<'a>, OutageCountText<'a>),
    Downtime(ScopeText<'a>, DowntimeText<'a>),
    Deadline(DeadlineText<'a>),
    Streak(StreakText<'a>),
    /// Its keys belong to a rule that is not built.
    Unbuilt(&'static str),
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
        let only = |own: &[&[&str]]| {
            let known: Vec<&str> =
                CommonText::KEYS.iter().chain(own.iter().copied().flatten()).copied().collect();
            node.only(&known)
        };
        let rule = match *name {
            "outage-count" => {
                only(&[OutageCountText::KEYS, ScopeText::KEYS])?;
                RuleText::OutageCount(ScopeText::fields(node)?, OutageCountText::fields(node)?)
            }
            "downtime" => {
                only(&[DowntimeText::KEYS, ScopeText::KEYS])?;
                RuleText::Downtime(ScopeText::fields(node)?, DowntimeText::fields(node)?)
            }
            "deadline" => {
                only(&[DeadlineText::KEYS])?;
                RuleText::Deadline(DeadlineText::fields(node)?)
            }
            "streak" => {
                only(&[StreakText::KEYS])?;
                RuleText::Streak(StreakText::fields(node)?)
            }
            name => RuleText::Unbuilt(name),
        };
        Ok(ClauseTable { common: CommonText::fields(node)?, rule })
    }
}

/// Checks the clauses together.
pub(super) fn resolve(frame: &Frame<'_>, list: At<'_, Vec<At<'_, ClauseTable<'_>>>>) -> Result<Vec<Clause>> {
    let mut lines = BTreeMap::new();
    for clause in &list.value {
        unique(&clause.value.common.id, &mut lines)?;
    }
    check_references(&list.value)?;
    list.value.into_iter().map(|clause| resolve_clause(frame, clause)).collect()
}

fn resolve_clause(
    frame: &Frame<'_>,
    At { value: ClauseTable { common, rule }, node }: At<'_, ClauseTable<'_>>,
) -> Result<Clause> {
    let holds = common.holds.map(|h| holds(frame, h)).transpose()?;
    let rule = match rule {
        RuleText::OutageCount(scope, own) => RuleParams::OutageCount(outage_count::Params {
            scope: scope_of(frame, scope)?,
            threshold: threshold(&own, &node)?,
            max: own.max.value.0,
        }),
        RuleText::Downtime(scope, own) => {
            RuleParams::Downtime(downtime::Params { scope: scope_of(frame, scope)?, max: own.max.value.0 })
        }
        RuleText::Deadline(own) => RuleParams::Deadline(deadline_of(frame, own)?),
        RuleText::Streak(own) => RuleParams::Streak(streak_of(own)?),
        RuleText::Unbuilt(name) => {
            // Whatever else its keys mean, a calendar is a calendar.
            if let Some(calendar) = node.get("calendar").filter(|c| c.value.is_str()) {
                calendar_id(frame, At { value: Text::read(&calendar)?, node: calendar })?;
            }
            RuleParams::Unbuilt(name)
        }
    };
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

fn calendar_id(frame: &Frame<'_>, name: At<'_, Text>) -> Result<String> {
    let At { value: Text(id), node } = name;
    if frame.calendars.contains_key(&id) {
        return Ok(id);
    }
    node.unknown(Code::ContractReference, &id, frame.calendars.keys().map(String::as_str))
}

fn many(list: Option<At<'_, OneOrMany<'_, Text>>>) -> Vec<String> {
    list.into_iter().flat_map(|l| l.value.0).map(|t| t.value.0).collect()
}

fn scope_of(frame: &Frame<'_>, scope: ScopeText<'_>) -> Result<OutageScope> {
    Ok(OutageScope {
        systems: many(scope.systems),
        calendar: scope.calendar.map(|c| calendar_id(frame, c)).transpose()?,
        per: scope.per.map(|p| p.value.0).unwrap_or_default(),
        max_unknown: scope.max_unknown.map(|m| m.value.0),
    })
}

fn threshold(own: &OutageCountText<'_>, clause: &Node<'_>) -> Result<outage_count::Threshold> {
    let threshold = match (&own.at_least, &own.below) {
        (Some(t), None) => (t, outage_count::Threshold::AtLeast(t.value.0)),
        (None, Some(t)) => (t, outage_count::Threshold::Below(t.value.0)),
        (Some(_), Some(below)) => {
            return below.node.fail(
                Code::ContractValue,
                "either at_least or below; two classes are two clauses",
                "at_least 与 below 只能写一个；两类故障请写成两条条款",
            );
        }
        (None, None) => {
            return clause.fail(
                Code::ContractMissing,
                "add at_least = \"1h\" (long outages) or below = \"1h\" (short ones)",
                "请补充 at_least = \"1h\"（长故障）或 below = \"1h\"（短故障）",
            );
        }
    };
    if threshold.0.value.0 == 0 { positive(&threshold.0.node) } else { Ok(threshold.1) }
}

fn deadline_of(frame: &Frame<'_>, own: DeadlineText<'_>) -> Result<deadline::Params> {
    let kinds = |list: At<'_, OneOrMany<'_, super::values::KindText>>| {
        list.value.0.into_iter().map(|k| k.value.0).collect()
    };
    let within = own.within.value.0;
    if let (Some(by), crate::contract::Within::One(_)) = (&own.by, &within) {
        return by.node.fail(
            Code::ContractValue,
            "within is one limit; by goes with a table, within = { critical = \"4h\" }",
            "within 只有一个时限；by 须与表并用：within = { critical = \"4h\" }",
        );
    }
    let calendar = own.calendar.map(|c| calendar_id(frame, c)).transpose()?;
    Ok(deadline::Params {
        from: kinds(own.from),
        to: kinds(own.to),
        needs: many(own.needs),
        within,
        by: own.by.map_or_else(|| "severity".to_owned(), |b| b.value.0),
        calendar: calendar.unwrap_or_else(|| ALWAYS.to_owned()),
        pausable: own.pausable.is_some_and(|f| f.value.0),
        conditions: own.conditions.map(|w| w.value.0).unwrap_or_default(),
        excluded_attributions: texts(own.excluded_attributions).unwrap_or_default(),
    })
}

fn streak_of(own: StreakText<'_>) -> Result<streak::Params> {
    let length = own.length.value.0;
    if length == 0 {
        return own.length.node.fail(Code::OutOfRange, "at least 1", "至少为 1");
    }
    Ok(streak::Params {
        of: own.of.value.0,
        length,
        only_if: own.only_if.map(|t| t.value.0),
        effect: own.effect.map(|t| t.value.0),
        excluded_attributions: texts(own.excluded_attributions).unwrap_or_default(),
    })
}

/// The clauses that a clause names: `of`, and the `clause` of each of a score's `lines`.
fn named<'a>(clause: &At<'a, ClauseTable<'a>>) -> Vec<(String, Node<'a>)> {
    let nodes = match &clause.value.rule {
        RuleText::Streak(own) => vec![own.of.node.clone()],
        RuleText::Unbuilt("score") => {
            let lines = clause.node.get("lines").and_then(|l| l.items()).unwrap_or_default();
            lines.iter().filter_map(|l| l.get("clause")).collect()
        }
        _ => Vec::new(),
    };
    nodes.into_iter().filter_map(|n| Some((n.value.as_str()?.to_owned(), n))).collect()
}

fn check_references(list: &[At<'_, ClauseTable<'_>>]) -> Result<()> {
    let ids: Vec<&str> = list.iter().map(|c| c.value.common.id.value.0.as_str()).collect();
    let position = |id: &str| ids.iter().position(|i| *i == id);
    let mut edges = Vec::new();
    for clause in list {
        let mut out = Vec::new();
        for (id, node) in named(clause) {
            match position(&id) {
                Some(i) => out.push((i, node)),
                None => return node.unknown(Code::ContractReference, &id, ids.iter().copied()),
            }
        }
        edges.push(out);
    }
    check_circles(&ids, &edges)?;
    for (clause, out) in list.iter().zip(&edges) {
        let RuleText::Streak(_) = &clause.value.rule else { continue };
        let Some((_, node)) = out.iter().find(|(i, _)| !matches!(list[*i].value.rule, RuleText::Deadline(_)))
        else {
            continue;
        };
        let deadlines: Vec<&str> = list
            .iter()
            .filter(|c| matches!(c.value.rule, RuleText::Deadline(_)))
            .map(|c| c.value.common.id.value.0.as_str())
            .collect();
        return node.fail(
            Code::ContractReference,
            format!("of names a clause of rule deadline: {}", deadlines.join(", ")),
            format!("of 须指向 deadline 规则的条款：{}", deadlines.join("、")),
        );
    }
    Ok(())
}

/// Walks every path of names without recursion; `done` clauses lead to no circle.
fn check_circles(ids: &[&str], edges: &[Vec<(usize, Node<'_>)>]) -> Result<()> {
    let mut done = vec![false; ids.len()];
    for start in 0..ids.len() {
        // Each step: a clause, and which of its names comes next.
        let mut path = vec![(start, 0)];
        while let Some((clause, next)) = path.last_mut() {
            let here = *clause;
            let Some((to, node)) = (if done[here] { None } else { edges[here].get(*next) }) else {
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
        let scope = ScopeText::json_schema(generator);
        let built = [
            ("outage-count", vec![OutageCountText::json_schema(generator), scope.clone()]),
            ("downtime", vec![DowntimeText::json_schema(generator), scope]),
            ("deadline", vec![DeadlineText::json_schema(generator)]),
            ("streak", vec![StreakText::json_schema(generator)]),
        ];
        let variants: Vec<Value> = RULE_NAMES
            .iter()
            .map(|name| match built.iter().find(|(n, _)| n == name) {
                Some((_, own)) => variant(name, &common, own, false),
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
