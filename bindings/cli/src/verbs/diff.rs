//! `diff`.

use crate::args::{self, Cli, Diff};
use crate::out::{Out, clean};
use crate::{EXIT_BREACHED, EXIT_OK, verbs};
use opsledger::assess::{Ask, View};
use opsledger::error::{Code, Error, Result};

pub(super) fn run(cli: &Cli, args: &Diff, out: &mut Out<'_, '_>) -> Result<i32> {
    let two = [
        ("--known-at", args.known_at.len()),
        ("--as-of", args.as_of.len()),
        ("--view", args.view.len()),
        ("--head", args.head.len()),
    ];
    if let Some((name, n)) = two.iter().find(|(_, n)| *n > 2) {
        return Err(Error::new(Code::BadRequest, format!("{name}: {n}"))
            .with_hints("give it once or twice", "给一次或两次"));
    }
    if two.iter().all(|(_, n)| *n < 2) {
        return Err(Error::new(Code::BadRequest, "diff").with_hints(
            "give --known-at, --as-of, --view or --head twice: before and after",
            "请将 --known-at、--as-of、--view 或 --head 给两次：前与后",
        ));
    }
    let (account, now) =
        verbs::assess::open(cli, verbs::stated_contract(cli, out)?, args.facts.as_deref(), out)?;
    let ask = |i: usize| -> Result<Ask> {
        Ok(Ask {
            as_of: verbs::instant("--as-of", pick(&args.as_of, i))?,
            known_at: verbs::instant("--known-at", pick(&args.known_at, i))?,
            head: pick(&args.head, i).copied(),
            view: match pick(&args.view, i) {
                Some(args::View::Claimed) => View::Claimed,
                Some(args::View::Agreed) | None => View::Agreed,
            },
            now,
        })
    };
    let diff = account.diff(&ask(0)?, &ask(1)?)?;
    if out.json {
        out.line(&diff.to_json())?;
    } else {
        out.write(clean(&diff.text(out.lang)).as_bytes())?;
    }
    Ok(if diff.is_empty() { EXIT_OK } else { EXIT_BREACHED })
}

/// The first or second value; one alone is both.
fn pick<T>(values: &[T], i: usize) -> Option<&T> {
    values.get(i).or(values.first())
}
