//! Values that are one of a few words.

use super::reader::{Node, Read};
use super::values::text_of;
use crate::error::{Code, Result};
use crate::rules::availability::Basis;
use crate::rules::coverage::{Counts, Source, Window};
use crate::rules::findings::Until;
use crate::rules::recurring::{Every, Units};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Declares a value that is written as one of a few words: reader and JSON Schema.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident($ty:ty) { $first:literal => $first_value:expr, $($word:literal => $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub(crate) struct $name(pub(crate) $ty);

        impl<'a> Read<'a> for $name {
            const EXPECTED: (&'static str, &'static str) = (
                concat!("one of \"", $first, "\"", $(", \"", $word, "\"",)*),
                concat!(" \"", $first, "\"", $("、\"", $word, "\"",)* " 之一"),
            );
            fn read(node: &Node<'a>) -> Result<Self> {
                match text_of::<Self>(node)?.as_str() {
                    $first => Ok($name($first_value)),
                    $($word => Ok($name($value)),)*
                    other => node.unknown(Code::ContractValue, other, [$first, $($word),*].into_iter()),
                }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "enum": [$first, $($word),*] })
            }
        }
    )*};
}

words! {
    /// `every` of `recurring`.
    EveryText(Every) {
        "day" => Every::Day, "week" => Every::Week, "month" => Every::Month, "quarter" => Every::Quarter, "year" => Every::Year,
    }
    /// `by` of `recurring`.
    UnitsText(Units) { "service" => Units::Service, "calendar" => Units::Calendar, }
    /// `windows` of `coverage`.
    WindowText(Window) {
        "period" => Window::Period,
        "statutory" => Window::Statutory,
        "days-off" => Window::DaysOff,
        "whole-break" => Window::WholeBreak,
        "non-workdays" => Window::NonWorkdays,
        "events" => Window::Events,
    }
    /// `counts` of `coverage`.
    CountsText(Counts) { "assigned" => Counts::Assigned, "signed" => Counts::Signed, }
    /// `source` of `coverage`.
    SourceText(Source) { "duty" => Source::Duty, "staff" => Source::Staff, "watch" => Source::Watch, }
    /// `per` of a paper.
    PerPersonText(()) { "person" => (), }
    /// `until` of `findings`.
    UntilText(Until) { "fix" => Until::Fix, "verify" => Until::Verify, }
    /// `basis` of `availability`.
    BasisText(Basis) { "eligible" => Basis::Eligible, "elapsed" => Basis::Elapsed, }
}
