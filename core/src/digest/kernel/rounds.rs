//! The compression function (GB/T 32905-2016, 5.3) written once; each kernel supplies the vector `V` and its operations:
//! `words` (block of each lane, transposed), `get` and `put` (a row of the state), `splat`, `add`, `xor`, `xor3`, `rol`, `p0`,
//! `p1`, `ff`, `gg`.

/// The constants of the 64 rounds, already turned: T(j) <<< j.
pub(super) static CONSTANTS: [u32; 64] = {
    let mut all = [0; 64];
    let mut j = 0;
    while j < 64 {
        let t: u32 = if j < 16 { 0x79cc_4519 } else { 0x7a87_9d8a };
        all[j] = t.rotate_left(j as u32 % 32);
        j += 1;
    }
    all
};

/// One round: `d` becomes the next A, `h` the next E; the caller renames instead of moving.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:expr, $w4:expr, $t:expr, $ff:ident, $gg:ident) => {{
        let a12 = rol::<12, 20>($a);
        let ss1 = rol::<7, 25>(add(a12, add($e, splat($t))));
        let tt1 = add(add($ff($a, $b, $c), $d), add(xor(ss1, a12), xor($w, $w4)));
        let tt2 = add(add($gg($e, $f, $g), $h), add(ss1, $w));
        $b = rol::<9, 23>($b);
        $d = tt1;
        $f = rol::<19, 13>($f);
        $h = p0(tt2);
    }};
}

/// Word j + 16 of the message in the place of word j, in a ring of sixteen.
macro_rules! expand {
    ($w:ident, $j:expr) => {{
        let x = xor3($w[$j % 16], $w[($j + 7) % 16], rol::<15, 17>($w[($j + 13) % 16]));
        $w[$j % 16] = xor3(p1(x), rol::<7, 25>($w[($j + 3) % 16]), $w[($j + 10) % 16]);
    }};
}

/// Four rounds, after which the eight words are where they were. `more`: words 4 to 7 further on are made first.
macro_rules! four {
    (more $w:ident $k:literal $($rest:tt)*) => {{
        expand!($w, $k + 4);
        expand!($w, $k + 5);
        expand!($w, $k + 6);
        expand!($w, $k + 7);
        four!($w $k $($rest)*);
    }};
    ($w:ident $k:literal $base:expr, $ff:ident, $gg:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {{
        let t = &CONSTANTS[$base + $k..][..4];
        round!($a $b $c $d $e $f $g $h, $w[$k], $w[($k + 4) % 16], t[0], $ff, $gg);
        round!($d $a $b $c $h $e $f $g, $w[$k + 1], $w[($k + 5) % 16], t[1], $ff, $gg);
        round!($c $d $a $b $g $h $e $f, $w[$k + 2], $w[($k + 6) % 16], t[2], $ff, $gg);
        round!($b $c $d $a $f $g $h $e, $w[$k + 3], $w[($k + 7) % 16], t[3], $ff, $gg);
    }};
}

/// The function `compress` of a kernel of `WIDTH` lanes: so many blocks of each lane into the first `WIDTH` columns of the
/// state.
macro_rules! kernel {
    ($(#[$attribute:meta])*) => {
        $(#[$attribute])*
        pub(super) fn compress(state: &mut State, lanes: &[&[u8]], blocks: usize) {
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = get_all(state);
            for block in 0..blocks {
                let before = [a, b, c, d, e, f, g, h];
                let mut w = words(lanes, block * BLOCK);
                four!(w 0 0, xor3, xor3, a b c d e f g h);
                four!(w 4 0, xor3, xor3, a b c d e f g h);
                four!(w 8 0, xor3, xor3, a b c d e f g h);
                four!(more w 12 0, xor3, xor3, a b c d e f g h);
                for base in [16, 32, 48] {
                    four!(more w 0 base, ff, gg, a b c d e f g h);
                    four!(more w 4 base, ff, gg, a b c d e f g h);
                    four!(more w 8 base, ff, gg, a b c d e f g h);
                    four!(more w 12 base, ff, gg, a b c d e f g h);
                }
                a = xor(a, before[0]);
                b = xor(b, before[1]);
                c = xor(c, before[2]);
                d = xor(d, before[3]);
                e = xor(e, before[4]);
                f = xor(f, before[5]);
                g = xor(g, before[6]);
                h = xor(h, before[7]);
            }
            put_all(state, [a, b, c, d, e, f, g, h]);
        }
    };
}

pub(super) use {expand, four, kernel, round};
