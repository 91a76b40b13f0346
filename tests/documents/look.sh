#!/bin/sh
# Every kind of document of the demo's ledger, through LibreOffice to pdf, its pages as pictures in out/look: for people to
# look at. Needs Debian's libreoffice-writer, libreoffice-calc and poppler-utils, which are heavy: no test asks for them.
set -eu
cd "$(dirname "$0")/../.."
for program in opsledger soffice pdftoppm; do
    command -v "$program" >/dev/null || { echo "missing: $program (make native; libreoffice-writer libreoffice-calc poppler-utils)" >&2; exit 1; }
done
ledger=${1:-out/demo/year.ledger}
[ -f "$ledger" ] || { echo "missing: $ledger (make demo)" >&2; exit 1; }
out=out/look
rm -rf "$out"
mkdir -p "$out/files"
for lang in zh en; do
    opsledger report acceptance --lang "$lang" --ledger "$ledger" --out "$out/files/$lang" >/dev/null
done
# One of each kind: the form, the first month with its roster, an incident, the ledger, the index.
for lang in zh en; do
    mkdir -p "$out/$lang"
    kinds=$(ls "$out/files/$lang" | sed -n '/^000.*docx$/p; /^001.*docx$/p')
    for pattern in '*-08.docx' '*-I-*.docx' '*INC*.docx' '*台账.xlsx' '*ledger.xlsx' '*-08.xlsx' '*登记.xlsx'; do
        kinds="$kinds
$(cd "$out/files/$lang" && ls $pattern 2>/dev/null | head -1)"
    done
    echo "$kinds" | sort -u | while read -r name; do
        [ -n "$name" ] || continue
        soffice --headless --convert-to pdf --outdir "$out/$lang" "$out/files/$lang/$name" >/dev/null 2>&1
        pdf="$out/$lang/${name%.*}.pdf"
        [ -f "$pdf" ] || { echo "LibreOffice did not open $name" >&2; exit 1; }
        pdftoppm -r 70 -png "$pdf" "${pdf%.pdf}"
        echo "$pdf: $(ls "${pdf%.pdf}"-*.png | wc -l) pages"
    done
done
