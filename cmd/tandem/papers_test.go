package main

import (
	"fmt"

	"tandem/cmd/tandem/shop"
)

// paper is a PDF: on each page its title and number, in a font that readers
// have, and a link to an address.
func paper(title string, pages int, link string) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
	kids := ""
	for n := 1; n <= pages; n++ {
		text := fmt.Sprintf("BT /F 40 Tf 60 700 Td (%s, page %d) Tj ET 1 0 0 rg 60 100 200 200 re f", title, n)
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>/Annots[%d 0 R]>>", len(objects)+2, len(objects)+3),
			fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text),
			fmt.Sprintf("<</Type/Annot/Subtype/Link/Rect[60 500 260 560]/Border[0 0 1]/A<</S/URI/URI(%s)>>>>", link))
		kids += fmt.Sprintf(" %d 0 R", len(objects)-2)
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids)
	return shop.PDF(objects...)
}
