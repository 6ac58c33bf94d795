package shop

import (
	"bytes"
	"fmt"
	"strings"
)

// invoicePDF writes one page with the standard fonts every reader has.
func invoicePDF(o *order) []byte {
	var page bytes.Buffer
	text := func(font string, size, x, y int, s string) {
		fmt.Fprintf(&page, "BT /%s %d Tf %d %d Td (%s) Tj ET\n", font, size, x, y, pdfText(s))
	}
	text("B", 26, 60, 770, "Filament")
	text("R", 10, 60, 752, "Lamps for quiet rooms - Klostergade 12, Aarhus")
	text("B", 14, 60, 700, "Invoice "+o.ID)
	text("R", 10, 60, 682, o.At.Format("2 January 2006"))
	for i, s := range []string{o.Name, o.Street, o.City, o.Country} {
		text("R", 10, 380, 700-14*i, s)
	}
	y := 610
	for _, l := range o.Bill.Lines {
		text("R", 11, 60, y, fmt.Sprintf("%d x %s (%s)", l.Quantity, l.Name(), l.Variant()))
		text("R", 11, 470, y, pdfMoney(l.Total()))
		y -= 20
	}
	fmt.Fprintf(&page, "60 %d m 535 %d l S\n", y, y)
	text("R", 11, 60, y-24, "Delivery")
	text("R", 11, 470, y-24, pdfMoney(o.Bill.Delivery))
	if o.Bill.Discount > 0 {
		text("R", 11, 60, y-44, "Discount "+o.Bill.Coupon)
		text("R", 11, 470, y-44, "-"+pdfMoney(o.Bill.Discount))
	}
	text("B", 12, 60, y-68, "Total, paid by card ending "+o.Card)
	text("B", 12, 470, y-68, pdfMoney(o.Bill.Total))
	text("R", 9, 60, 60, "This shop is a demonstration. Nothing was sold, sent or charged.")

	return PDF(
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /R 5 0 R /B 6 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
	)
}

// PDF is a file of objects, which name each other by their places: the first,
// which is 1, is its catalog.
func PDF(objects ...string) []byte {
	var pdf bytes.Buffer
	pdf.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = pdf.Len()
		fmt.Fprintf(&pdf, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := pdf.Len()
	fmt.Fprintf(&pdf, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&pdf, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&pdf, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return pdf.Bytes()
}

func pdfMoney(cents int) string { return fmt.Sprintf("EUR %d.%02d", cents/100, cents%100) }

// pdfText escapes a string and writes it in the font's one-byte encoding.
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r >= 0xa0 && r <= 0xff:
			fmt.Fprintf(&b, "\\%03o", r)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
