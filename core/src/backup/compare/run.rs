//! The course of a comparison: both sides are opened, the standby once it has what the platform has; definitions, sums,
//! rows. Where the two were not read at one point, what differs is read again after a while, and only what differs both
//! times in the same way is a difference.

use super::detail::{CompareDetail, Held, Side, TableDetail};
use super::rows::{Digest, Named, Pair, Spot};
use super::schema::{self, Both};
use crate::backup::source::{self, About, After, Source, Sum, Table, mask};
use crate::backup::{CompareOptions, Level, Problem, ProblemKind, Report, Watch};
use crate::error::{Code, Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Rows named at most for each table, if nothing else is asked for.
const ROWS: u64 = 100;
/// Wait before differing rows are read again, if nothing else is asked for.
const RECHECK: Duration = Duration::from_secs(5);
/// How often tables are read at most.
const ROUNDS: u32 = 3;
/// Places remembered from one round to the next, over all tables; a table that finds no room is read again all the same, and
/// everything that differs then is reported.
const REMEMBERED: usize = 60_000;

/// Both sides, open.
struct Session {
    platform: Box<dyn Source>,
    standby: Box<dyn Source>,
    one_point: bool,
}

impl Session {
    fn open(options: &CompareOptions, wait: Duration, watch: &mut Watch<'_>) -> Result<Session> {
        let programs = options.programs.as_deref();
        let platform = source::open_after(&options.platform, programs, None, None, Some(watch))?;
        let about = platform.about();
        let after =
            about.until.clone().map(|point| After { family: about.family.clone(), point, most: wait });
        let standby = source::open_after(&options.standby, programs, None, after.as_ref(), Some(watch))?;
        let (own, other) = (platform.about(), standby.about());
        if own.engine != other.engine {
            let both = format!(
                "{}: {}, {}: {}",
                mask(&options.platform),
                own.engine,
                mask(&options.standby),
                other.engine
            );
            return Err(Error::new(Code::BadSource, both)
                .with_hints("both sides must be of one engine", "两侧必须是同一种数据库"));
        }
        if own.identity == other.identity {
            return Err(Error::new(
                Code::SameSource,
                format!("{}, {}", mask(&options.platform), mask(&options.standby)),
            ));
        }
        let one_point = source::same_point(own, other);
        Ok(Session { platform, standby, one_point })
    }

    /// The pair of a table that both have with the same columns.
    fn pair<'a>(&'a mut self, own: &Table, other: &Table) -> Option<Pair<'a>> {
        let place = |name: &str| other.columns.iter().find(|column| column.name == name).cloned();
        let columns: Option<Vec<_>> = own.columns.iter().map(|column| place(&column.name)).collect();
        let columns = columns.filter(|columns| columns.len() == other.columns.len())?;
        let names = |table: &Table| -> Vec<String> {
            table.key.iter().filter_map(|&at| table.columns.get(at)).map(|c| c.name.clone()).collect()
        };
        let key = if names(own) == names(other) { own.key.clone() } else { Vec::new() };
        let standby = Table { columns, ..other.clone() };
        Some(Pair {
            platform: &mut *self.platform,
            standby: &mut *self.standby,
            tables: [own.clone(), standby],
            key,
            bytes: 0,
        })
    }
}

/// What each side held at a place: rows without a key are one place, and only their number moves.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    platform: Option<Digest>,
    standby: Option<Digest>,
    held: [u64; 2],
}

impl State {
    fn of(spot: &Spot) -> State {
        State { platform: spot.platform, standby: spot.standby, held: spot.held }
    }
    /// True when the side that is behind holds now what the other held at this look: it was on its way.
    fn followed(&self, now: &State, way: Way) -> bool {
        match way {
            Way { keyed: true, ahead: false } => self.platform == now.standby,
            Way { keyed: true, ahead: true } => self.standby == now.platform,
            Way { keyed: false, ahead: false } => self.held[0] == now.held[1],
            Way { keyed: false, ahead: true } => self.held[1] == now.held[0],
        }
    }
}

/// How a table's rows are told apart, and whether the standby was read at a later point than the platform.
#[derive(Clone, Copy)]
struct Way {
    keyed: bool,
    ahead: bool,
}

/// What is known of a table's differences after a round.
#[derive(Default)]
struct Suspect {
    /// Each place, as it differed; none once there are too many to remember.
    spots: Option<BTreeMap<Digest, State>>,
    missing: u64,
    extra: u64,
    differing: u64,
    unsettled: u64,
    /// Those that are named.
    named: Vec<Spot>,
    sums: [Sum; 2],
}

/// Compares two databases.
///
/// # Errors
/// A source that cannot be opened or read, two engines, one source twice, a table nobody has.
pub fn compare(options: &CompareOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let recheck = match options.recheck.as_deref() {
        Some(text) => {
            let micros = crate::time::parse_duration(text).map_err(|e| e.in_field("recheck"))?;
            Duration::from_micros(u64::try_from(micros).unwrap_or_default())
        }
        None => RECHECK,
    };
    let limit = usize::try_from(options.rows.unwrap_or(ROWS))
        .unwrap_or(usize::MAX)
        .min(crate::backup::report::MAX_PROBLEMS);
    let shown = format!("{} - {}", mask(&options.platform), mask(&options.standby));
    let mut report = Report::new("compare", Level::L4, shown, watch.now());
    report.set = options.set.clone();
    report.run = options.run.clone();
    watch.step("L4 schema", 0, 0)?;
    let mut session = Session::open(options, recheck, watch)?;
    let (platform, standby) = (session.platform.about().clone(), session.standby.about().clone());
    let tables = schema::tables(options, &platform, &standby, &mut report)?;
    let mut details = Vec::with_capacity(tables.len());
    for both in &tables {
        details.push(empty(both, schema::definition(both, &mut report)));
    }
    let equal = details.iter().filter(|detail| detail.schema_equal).count();
    if !tables.is_empty() {
        let figures = [("tables", tables.len().to_string()), ("equal", equal.to_string())];
        report.check(Level::L4, "schema", None, &figures);
    }
    let mut suspects = first_round(&mut session, &tables, limit, &mut details, &mut report, watch)?;
    let (mut rounds, mut last) = (1, standby.clone());
    while !suspects.is_empty() && !session.one_point && rounds < ROUNDS {
        // A third look is for rows that moved only.
        if rounds > 1 && suspects.values().all(|suspect| suspect.unsettled == 0) {
            break;
        }
        drop(session);
        pause(recheck, watch)?;
        watch.step("L4 rows again", suspects.len() as u64, 0)?;
        session = Session::open(options, recheck, watch)?;
        rounds += 1;
        again(&mut session, &tables, limit, &mut suspects, &mut details, &mut report, watch)?;
        last = session.standby.about().clone();
    }
    name_all(&mut session, &tables, &suspects, &mut details, &mut report, watch)?;
    schema::others(&platform, &last, &mut report);
    points(&session, &last, &mut report);
    report.compare = Some(CompareDetail {
        platform: Side::new(&options.platform, session.platform.about()),
        standby: Side::new(&options.standby, &last),
        one_point: session.one_point,
        rounds,
        tables: details,
    });
    Ok(report.finish(watch.now()))
}

fn empty(both: &Both<'_>, schema_equal: bool) -> TableDetail {
    TableDetail {
        name: both.name.to_owned(),
        schema_equal,
        rows_equal: false,
        key: Vec::new(),
        platform: None,
        standby: None,
        missing: 0,
        extra: 0,
        differing: 0,
        unsettled: 0,
    }
}

/// Says where the two were read, if that was not one point.
fn points(session: &Session, standby: &About, report: &mut Report) {
    let platform = session.platform.about();
    let shown = |about: &About| about.point.clone().unwrap_or_else(|| "-".to_owned());
    if !session.one_point {
        report.problem(Problem::new(ProblemKind::NotOnePoint, "").with(shown(platform), shown(standby)));
    }
    if !standby.reached {
        let until = platform.until.clone().unwrap_or_default();
        let lag = standby
            .lag_us
            .map_or_else(String::new, |us| format!("{}.{:06} s", us / 1_000_000, us % 1_000_000));
        report.problem(Problem::new(ProblemKind::StandbyLags, "").with(until, shown(standby)).detail(lag));
    }
}

fn pause(recheck: Duration, watch: &mut Watch<'_>) -> Result<()> {
    let since = std::time::Instant::now();
    while since.elapsed() < recheck {
        std::thread::sleep(Duration::from_millis(20).min(recheck.saturating_sub(since.elapsed())));
        watch.tick()?;
    }
    Ok(())
}

type Suspects = BTreeMap<usize, Suspect>;

/// Places remembered so far.
fn room(suspects: &Suspects) -> usize {
    suspects.values().filter_map(|suspect| suspect.spots.as_ref()).map(BTreeMap::len).sum()
}

/// Sums of every table, and the places where those that differ do.
fn first_round(
    session: &mut Session,
    tables: &[Both<'_>],
    limit: usize,
    details: &mut [TableDetail],
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Suspects> {
    let mut suspects = Suspects::new();
    watch.step("L4 rows", tables.len() as u64, 0)?;
    report.coverage.files = tables.len() as u64;
    for (at, both) in tables.iter().enumerate() {
        let (Some(own), Some(other)) = (both.platform, both.standby) else { continue };
        let detail = &mut details[at];
        let Some(mut pair) = session.pair(own, other) else {
            report.leave_out(
                both.name,
                "列不一致，未比对数据",
                "its columns differ, so its rows were not compared",
            );
            continue;
        };
        detail.key = pair.key.iter().filter_map(|&k| own.columns.get(k)).map(|c| c.name.clone()).collect();
        let sums = [pair.sum(0, watch)?, pair.sum(1, watch)?];
        detail.rows_equal = sums[0] == sums[1];
        detail.platform = Some(Held::from(sums[0]));
        detail.standby = Some(Held::from(sums[1]));
        if !detail.rows_equal {
            let suspect = round(&mut pair, sums, limit, (None, REMEMBERED - room(&suspects)), watch)?;
            suspects.insert(at, suspect);
        }
        report.coverage.bytes += pair.bytes;
        report.coverage.bytes_read += pair.bytes;
        report.coverage.files_read += 1;
        let figures = [("platform", sums[0].rows.to_string()), ("standby", sums[1].rows.to_string())];
        report.check(Level::L4, "rows", Some(both.name), &figures);
        watch.shared().file();
    }
    Ok(suspects)
}

/// Reads the tables again that differed.
fn again(
    session: &mut Session,
    tables: &[Both<'_>],
    limit: usize,
    suspects: &mut Suspects,
    details: &mut [TableDetail],
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let mut taken = 0;
    for (at, suspect) in suspects.iter_mut() {
        let both = &tables[*at];
        let (Some(own), Some(other)) = (both.platform, both.standby) else { continue };
        let Some(mut pair) = session.pair(own, other) else { continue };
        let sums = [pair.sum(0, watch)?, pair.sum(1, watch)?];
        *suspect = match sums[0] == sums[1] {
            true => Suspect { sums, ..Suspect::default() },
            false => round(&mut pair, sums, limit, (Some(suspect), REMEMBERED - taken), watch)?,
        };
        taken += suspect.spots.as_ref().map_or(0, BTreeMap::len);
        details[*at].platform = Some(Held::from(sums[0]));
        details[*at].standby = Some(Held::from(sums[1]));
        report.coverage.bytes += pair.bytes;
        report.coverage.bytes_read += pair.bytes;
        watch.shared().file();
    }
    suspects.retain(|at, suspect| {
        let gone = suspect.missing + suspect.extra + suspect.differing + suspect.unsettled == 0;
        details[*at].rows_equal = gone;
        !gone
    });
    Ok(())
}

/// One look at a table's differences; `before` is the look before, `room` how many places may be remembered.
fn round(
    pair: &mut Pair<'_>,
    sums: [Sum; 2],
    limit: usize,
    (before, room): (Option<&Suspect>, usize),
    watch: &mut Watch<'_>,
) -> Result<Suspect> {
    let mut now = Suspect { spots: Some(BTreeMap::new()), sums, ..Suspect::default() };
    let known = before.and_then(|suspect| suspect.spots.as_ref());
    let rows = sums[0].rows.max(sums[1].rows);
    let way = Way { keyed: !pair.key.is_empty(), ahead: pair.standby.about().ahead };
    pair.differences(rows, watch, &mut |spot| {
        if let Some(known) = known {
            match known.get(&spot.place) {
                // Equal at the point before: it is on its way.
                None => return,
                Some(was) if *was == State::of(&spot) => {}
                Some(was) if was.followed(&State::of(&spot), way) => return,
                Some(_) => {
                    now.unsettled += spot.copies;
                    remember(&mut now.spots, &spot, room);
                    return;
                }
            }
        }
        match (spot.platform, spot.standby) {
            (Some(_), Some(_)) => now.differing += spot.copies,
            (Some(_), None) => now.missing += spot.copies,
            (None, _) => now.extra += spot.copies,
        }
        if now.named.len() < limit {
            now.named.push(spot);
        }
        remember(&mut now.spots, &spot, room);
    })?;
    Ok(now)
}

fn remember(spots: &mut Option<BTreeMap<Digest, State>>, spot: &Spot, room: usize) {
    if let Some(kept) = spots {
        kept.insert(spot.place, State::of(spot));
        if kept.len() > room {
            *spots = None;
        }
    }
}

/// Reports the tables that differ, and names rows.
fn name_all(
    session: &mut Session,
    tables: &[Both<'_>],
    suspects: &Suspects,
    details: &mut [TableDetail],
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    for (at, suspect) in suspects {
        let both = &tables[*at];
        let (Some(own), Some(other)) = (both.platform, both.standby) else { continue };
        let detail = &mut details[*at];
        (detail.missing, detail.extra) = (suspect.missing, suspect.extra);
        (detail.differing, detail.unsettled) = (suspect.differing, suspect.unsettled);
        if suspect.missing + suspect.extra + suspect.differing > 0 {
            let shown = |sum: &Sum| format!("{} rows, sum {}", sum.rows, sum.hex());
            let counts = format!(
                "missing {}, extra {}, differing {}",
                suspect.missing, suspect.extra, suspect.differing
            );
            let [platform, standby] = &suspect.sums;
            report.problem(
                Problem::new(ProblemKind::RowsDiffer, both.name)
                    .with(shown(platform), shown(standby))
                    .detail(counts),
            );
        }
        if suspect.unsettled > 0 {
            report.problem(
                Problem::new(ProblemKind::RowsUnsettled, both.name).detail(suspect.unsettled.to_string()),
            );
        }
        if suspect.named.is_empty() {
            continue;
        }
        let Some(mut pair) = session.pair(own, other) else { continue };
        let keyed = !pair.key.is_empty();
        let named = if keyed {
            let places: BTreeSet<Digest> = suspect.named.iter().map(|spot| spot.place).collect();
            pair.name(&places, watch)?
        } else {
            [BTreeMap::new(), BTreeMap::new()]
        };
        let sqlite = session.platform.about().engine == "sqlite";
        let mut lines: Vec<(String, Problem)> =
            suspect.named.iter().map(|spot| row_problem(own, &detail.key, spot, &named, sqlite)).collect();
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        lines.into_iter().for_each(|(_, problem)| report.problem(problem));
    }
    Ok(())
}

/// The problem of one row, after what it is sorted by.
fn row_problem(
    table: &Table,
    key: &[String],
    spot: &Spot,
    named: &[BTreeMap<Digest, Named>; 2],
    sqlite: bool,
) -> (String, Problem) {
    let kind = match (spot.platform, spot.standby) {
        (Some(_), Some(_)) => ProblemKind::RowDiffers,
        (Some(_), None) => ProblemKind::RowMissing,
        (None, _) => ProblemKind::RowExtra,
    };
    let [own, other] = [named[0].get(&spot.place), named[1].get(&spot.place)];
    let mut detail = match own.or(other) {
        Some(row) => key
            .iter()
            .zip(&row.key)
            .map(|(column, value)| match value.as_deref() {
                // The letter of the storage class is ours.
                Some(value) if sqlite => format!("{column}={}", value.get(1..).unwrap_or_default()),
                Some(value) => format!("{column}={value}"),
                None => format!("{column} NULL"),
            })
            .collect::<Vec<_>>()
            .join(", "),
        None => format!("sm3={}", crate::digest::hex(&spot.platform.or(spot.standby).unwrap_or(spot.place))),
    };
    let sorted = detail.clone();
    if spot.copies > 1 {
        detail.push_str(&format!(" x{}", spot.copies));
    }
    if let (Some(own), Some(other)) = (own, other) {
        let columns: Vec<&str> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(at, _)| own.fields.get(*at) != other.fields.get(*at))
            .map(|(_, column)| column.name.as_str())
            .collect();
        if kind == ProblemKind::RowDiffers {
            detail.push_str(&format!(": {}", columns.join(", ")));
        }
    }
    (sorted, Problem::new(kind, table.name.clone()).detail(detail))
}
