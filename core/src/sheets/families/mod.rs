//! The families, one file each. A new one is a new file and a line here.

mod assets;
mod findings;
mod incidents;
mod inspections;
mod outages;
mod planned;
mod requests;
mod roster;
mod words;
mod work;

use super::Family;
use crate::error::{Code, Error, Result};

/// All of them.
pub static FAMILIES: &[&Family] = &[
    &roster::FAMILY,
    &incidents::FAMILY,
    &outages::FAMILY,
    &planned::FAMILY,
    &requests::FAMILY,
    &work::FAMILY,
    &inspections::FAMILY,
    &assets::FAMILY,
    &findings::FAMILY,
];

/// By name, Chinese or English.
///
/// # Errors
/// `unknown-word`, with those there are.
pub fn find(name: &str) -> Result<&'static Family> {
    FAMILIES.iter().find(|f| f.name == name || f.zh == name).copied().ok_or_else(|| {
        let names: Vec<String> = FAMILIES.iter().map(|f| format!("{} {}", f.name, f.zh)).collect();
        Error::new(Code::UnknownWord, format!("FAMILY = {name:?}")).with_hint(names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Zone;
    use crate::error::Lang;
    use crate::facts::kinds::{self, FieldType};
    use crate::facts::terms::term;
    use crate::sheets::cell;
    use crate::sheets::family::{Correction, Type};
    use crate::table::xlsx::{Cell, Value};
    use std::collections::BTreeSet;

    fn pairs(family: &Family) -> Vec<(&'static str, &'static str, &'static str)> {
        let mut out = Vec::new();
        for step in family.steps {
            out.extend(step.fields.iter().map(|(column, field)| (step.kind, *column, *field)));
        }
        if let Correction::Amend { kind, columns, reason, .. } = &family.correction {
            out.extend(columns.iter().map(|(column, field)| (*kind, *column, *field)));
            out.push((kind, reason, "reason"));
        }
        out
    }

    #[test]
    fn tables_name_what_there_is() {
        let names: BTreeSet<_> = FAMILIES.iter().flat_map(|f| [f.name, f.zh]).collect();
        assert_eq!(names.len(), FAMILIES.len() * 2);
        for family in FAMILIES {
            assert_eq!(find(family.name).unwrap().name, find(family.zh).unwrap().name);
            let keys: BTreeSet<_> = family.columns.iter().map(|c| c.key).collect();
            let heads: BTreeSet<_> = family.columns.iter().flat_map(|c| [c.zh, c.en]).collect();
            assert_eq!(
                (keys.len(), heads.len()),
                (family.columns.len(), 2 * family.columns.len()),
                "{}",
                family.name
            );
            assert_eq!(family.columns[0].ty, Type::Code);
            assert_eq!(family.columns[0].required, family.identity.is_empty(), "{}", family.name);
            let has = |key: &str| assert!(keys.contains(key), "{}: {key}", family.name);
            family.identity.iter().for_each(|key| has(key));
            for step in family.steps {
                assert!(kinds::find(step.kind).is_some(), "{}", step.kind);
                let at = family.column(step.at.column()).unwrap();
                assert_eq!(at.ty, Type::Time, "{} {}", family.name, at.key);
                step.needs.iter().chain(&step.after).for_each(|key| has(key));
            }
            for (kind, column, field) in pairs(family) {
                has(column);
                fits(kind, family.column(column).unwrap().ty, field);
            }
        }
        assert_eq!(find("nothing").unwrap_err().code(), Code::UnknownWord);
    }

    fn fits(kind: &str, column: Type, field: &str) {
        let Some(field) = kinds::find(kind).unwrap().field(field) else { return };
        let fits = match field.ty {
            FieldType::Text => matches!(
                column,
                Type::Code | Type::Line | Type::Text | Type::Words(_) | Type::Mostly(_) | Type::Unit
            ),
            FieldType::Any => true,
            FieldType::Instant => column == Type::Time,
            FieldType::Bool => column == Type::YesNo,
            FieldType::Integer => column == Type::Integer,
            FieldType::Decimal => column == Type::Decimal,
            FieldType::Texts => matches!(column, Type::List(_)),
            _ => false,
        };
        assert!(fits, "{kind}.{}: {column:?}", field.name);
    }

    /// A row whose required columns are filled gives each step the fields that its kind requires.
    #[test]
    fn required_fields_have_required_columns() {
        for family in FAMILIES {
            for (i, step) in family.steps.iter().enumerate() {
                for field in kinds::find(step.kind).unwrap().fields.iter().filter(|f| f.required) {
                    let column = step.fields.iter().find(|(_, f)| *f == field.name).map(|(c, _)| *c);
                    let column = column.unwrap_or_else(|| panic!("{} {}", step.kind, field.name));
                    let must = family.column(column).unwrap().required || step.needs.contains(&column);
                    assert!(must, "{} {}", step.kind, column);
                }
                let opens = i == 0;
                assert_eq!(opens, family.column(step.at.column()).unwrap().required, "{}", step.kind);
            }
        }
    }

    #[test]
    fn samples_and_words_read_as_they_stand() {
        let zone = Zone::parse("Asia/Shanghai").unwrap();
        for family in FAMILIES {
            for column in family.columns.iter().skip(1) {
                for word in column.ty.words() {
                    let zh = term(Lang::Zh, word);
                    assert!(!zh.is_ascii(), "{word} has no Chinese term");
                    let cell = Cell { value: Value::Text(zh.to_owned()), formula: false };
                    let read = cell::read(&cell, column, zone, "x").unwrap().unwrap();
                    let said = read.value.as_array().map_or(read.value.clone(), |items| items[0].clone());
                    assert_eq!(said, *word);
                }
                if column.sample.is_empty() {
                    assert!(!column.required, "{} {}", family.name, column.key);
                    continue;
                }
                let cell = Cell { value: Value::Text(column.sample.to_owned()), formula: false };
                let read = cell::read(&cell, column, zone, "x").unwrap_or_else(|e| panic!("{e}")).unwrap();
                assert_eq!(read.remark, None, "{} {}", family.name, column.key);
            }
        }
    }
}
