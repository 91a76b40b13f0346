//! What a line of the list of rules comes to: the parameters, the detail, how both are read, written and started.

/// See the list in `rules/mod.rs`.
macro_rules! rules {
    (
        $($name:literal $variant:ident($module:ident) $(shows $detail:ident)?;)*
        unbuilt $($unbuilt:literal)*;
    ) => {
        /// The names of the format; those without a file here load, and their verdict is `no-evidence` with a fault.
        pub const RULE_NAMES: &[&str] = &[$($name,)* $($unbuilt,)*];

        /// A rule with its parameters.
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "each is its module's")]
        pub enum RuleParams {
            $($variant($module::Params),)*
            /// Reserved and not built yet; its name (one of [`RULE_NAMES`]).
            Unbuilt(&'static str),
        }

        impl RuleParams {
            /// The name in the contract.
            pub fn name(&self) -> &'static str {
                match self {
                    $(RuleParams::$variant(_) => $name,)*
                    RuleParams::Unbuilt(name) => name,
                }
            }
        }

        impl RuleParams {
            /// The kinds of facts that decide a clause; empty for one that is made of other clauses.
            pub(crate) fn kinds(&self) -> Vec<&str> {
                match self {
                    $(RuleParams::$variant(p) => say::Said::kinds(p),)*
                    RuleParams::Unbuilt(_) => Vec::new(),
                }
            }
            /// The service hours that it names or takes.
            pub(crate) fn calendar(&self) -> Option<&str> {
                match self {
                    $(RuleParams::$variant(p) => say::Said::calendar(p),)*
                    RuleParams::Unbuilt(_) => None,
                }
            }
            /// The rule with its parameters.
            pub(crate) fn words(&self) -> crate::assess::cases::Sentence {
                match self {
                    $(RuleParams::$variant(p) => say::Said::words(p),)*
                    RuleParams::Unbuilt(name) => crate::assess::cases::Sentence::new(
                        format!("{name}（尚未实现）"),
                        format!("{name} (not built yet)"),
                    ),
                }
            }
        }

        /// What a clause shows beside its figures, by rule.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
        #[serde(untagged)]
        #[allow(missing_docs, reason = "each is its module's")]
        pub enum Detail {
            $($($variant($module::$detail),)?)*
        }

        impl Detail {
            /// Its cases in one shape whatever the rule.
            pub(crate) fn cases(&self) -> Vec<crate::assess::cases::CaseLine> {
                match self {
                    $($(Detail::$variant(d) => say::Listed::cases(d as &$module::$detail),)?)*
                }
            }
        }

        /// The parameters of a rule as written.
        #[derive(Clone)]
        #[allow(clippy::large_enum_variant, reason = "a contract has some dozen of them, for the time it is read")]
        pub(crate) enum RuleText<'a> {
            $($variant($module::Keys<'a>),)*
            /// Its keys belong to a rule that is not built.
            Unbuilt(&'static str, std::marker::PhantomData<&'a ()>),
        }

        impl<'a> RuleText<'a> {
            /// The keys of a rule; none: any.
            pub(crate) fn keys(name: &str) -> Option<Vec<&'static str>> {
                use crate::contract::parse::reader::Table;
                match name {
                    $($name => Some(<$module::Keys<'_> as Table<'_>>::keys()),)*
                    _ => None,
                }
            }
            pub(crate) fn read(
                name: &'static str,
                node: &crate::contract::parse::reader::Node<'a>,
            ) -> crate::error::Result<Self> {
                use crate::contract::parse::reader::Table;
                Ok(match name {
                    $($name => RuleText::$variant($module::Keys::fields(node)?),)*
                    name => RuleText::Unbuilt(name, std::marker::PhantomData),
                })
            }
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(RuleText::$variant(_) => $name,)*
                    RuleText::Unbuilt(name, _) => name,
                }
            }
            pub(crate) fn names(&self) -> Vec<crate::contract::parse::clauses::Named<'a>> {
                use crate::contract::parse::clauses::Written;
                match self {
                    $(RuleText::$variant(keys) => keys.names(),)*
                    RuleText::Unbuilt(..) => Vec::new(),
                }
            }
            pub(crate) fn resolve(
                self,
                frame: &crate::contract::parse::clauses::Frame<'_>,
                clause: &crate::contract::parse::reader::Node<'a>,
            ) -> crate::error::Result<RuleParams> {
                use crate::contract::parse::clauses::Written;
                Ok(match self {
                    $(RuleText::$variant(keys) => RuleParams::$variant(keys.resolve(frame, clause)?),)*
                    RuleText::Unbuilt(name, _) => RuleParams::Unbuilt(name),
                })
            }
            /// The schemas of a rule's keys; none: any keys.
            pub(crate) fn schemas(
                name: &str,
                generator: &mut schemars::SchemaGenerator,
            ) -> Option<Vec<schemars::Schema>> {
                use crate::contract::parse::reader::Table;
                match name {
                    $($name => Some(<$module::Keys<'_> as Table<'_>>::schemas(generator)),)*
                    _ => None,
                }
            }
        }

        /// The state of a clause before any fact.
        pub(crate) fn start(setup: &mut Setup<'_>) -> Box<dyn Rule> {
            match &setup.clause.rule {
                $(RuleParams::$variant(p) => Box::new($module::State::new(setup, p)),)*
                RuleParams::Unbuilt(name) => Box::new(unbuilt::State { name }),
            }
        }
    };
}
pub(super) use rules;
