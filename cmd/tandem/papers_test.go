package main

import (
	"bytes"
	"fmt"
)

// paper is a PDF: on each page its number, in a font that readers have, and a
// link to an address.
func paper(pages int, link string) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
	kids := ""
	for n := 1; n <= pages; n++ {
		text := fmt.Sprintf("BT /F 40 Tf 60 700 Td (Lamp manual, page %d) Tj ET 1 0 0 rg 60 100 200 200 re f", n)
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>/Annots[%d 0 R]>>", len(objects)+2, len(objects)+3),
			fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text),
			fmt.Sprintf("<</Type/Annot/Subtype/Link/Rect[60 500 260 560]/Border[0 0 1]/A<</S/URI/URI(%s)>>>>", link))
		kids += fmt.Sprintf(" %d 0 R", len(objects)-2)
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids)
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	at := make([]int, len(objects))
	for i, object := range objects {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj %s endobj\n", i+1, object)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer <</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}
