package shop

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
)

// A Design says how a lamp looks. The pictures in the catalogue and the
// preview of the lamp builder are drawn from it by the same code.
type Design struct {
	Form   string // mushroom, desk, floor, pendant, globe, lantern, sconce, pleat
	Finish string // a key of finishes: stem and base
	Shade  string // a key of finishes, or "glass"
	Scene  string // a key of scenes
	Height int    // of the stem, in per cent of the usual; 0 means 100
	Glow   int    // brightness in per cent, 0 to 100
}

// tones are the light, middle and dark side of a round, painted thing.
type tones struct{ light, mid, dark string }

var finishes = map[string]tones{
	"brass":  {"#f0d9a0", "#c49a4a", "#7d5a22"},
	"oak":    {"#e2c39a", "#bf9463", "#855d36"},
	"soot":   {"#5c5a58", "#34322f", "#191816"},
	"chalk":  {"#fffdf9", "#ece6dc", "#bdb4a6"},
	"clay":   {"#e5a583", "#c2704d", "#84432a"},
	"sage":   {"#b9c6ae", "#8a9c80", "#586a50"},
	"dusk":   {"#93a9bd", "#5b7590", "#334a62"},
	"butter": {"#fbe7b0", "#f0cc78", "#bb9340"},
	"glass":  {"#fffdf5", "#fff1cf", "#e6c88f"},
}

// scenes are wall and surface: top, bottom, table, table edge.
var scenes = map[string][4]string{
	"linen": {"#efe8dc", "#e2d7c5", "#cdb899", "#b79f7c"},
	"sage":  {"#d3d9c9", "#bcc6b0", "#c9b190", "#ad9270"},
	"clay":  {"#ecd2c0", "#ddb49c", "#c99a7c", "#a97a5c"},
	"dusk":  {"#b9c5cf", "#98a9b8", "#a08b76", "#80694f"},
	"night": {"#4d5560", "#333a44", "#6b5644", "#4e3d2e"},
	"snow":  {"#f7f5f1", "#ebe7e0", "#dcd5ca", "#c4bbac"},
}

// valid reports whether every choice is one that draw knows. Designs arrive in
// query strings, so nothing else may reach the markup.
func (d Design) valid() bool {
	_, finish := finishes[d.Finish]
	_, shade := finishes[d.Shade]
	_, scene := scenes[d.Scene]
	_, form := forms[d.Form]
	return finish && shade && scene && form && d.Height >= 0 && d.Height <= 140 && d.Glow >= 0 && d.Glow <= 100
}

// forms draw the lamp itself into a space of 800 by 1000; the table's edge is
// at 800. They return the centre and the size of the light.
var forms = map[string]func(b *strings.Builder, height float64) (x, y, r float64){
	"mushroom": drawMushroom,
	"desk":     drawDesk,
	"floor":    drawFloor,
	"pendant":  drawPendant,
	"globe":    drawGlobe,
	"lantern":  drawLantern,
	"sconce":   drawSconce,
	"pleat":    drawPleat,
}

// draw writes the picture as SVG. The design must be valid.
func (d Design) draw(w io.Writer, title string) error {
	if d.Height == 0 {
		d.Height = 100
	}
	var lamp strings.Builder
	x, y, r := forms[d.Form](&lamp, float64(d.Height)/100)
	f, s, sc := finishes[d.Finish], finishes[d.Shade], scenes[d.Scene]
	glow := float64(d.Glow) / 100
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 1000" role="img" aria-label="%s">
<defs>
<linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>
<linearGradient id="top" x1="0" y1="0" x2="0" y2="1"><stop stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>
<linearGradient id="body" x1="0" y1="0" x2="1" y2="0"><stop stop-color="%s"/><stop offset=".28" stop-color="%s"/><stop offset=".62" stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>
<linearGradient id="shade" x1="0" y1="0" x2="1" y2="0"><stop stop-color="%s"/><stop offset=".3" stop-color="%s"/><stop offset=".68" stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>
<linearGradient id="warm" x1="0" y1="0" x2="0" y2="1"><stop offset=".25" stop-color="#ffdf9a" stop-opacity="0"/><stop offset="1" stop-color="#ffe9b8" stop-opacity="%.2f"/></linearGradient>
<radialGradient id="halo"><stop stop-color="#fff3cf" stop-opacity="%.2f"/><stop offset=".35" stop-color="#ffe6ad" stop-opacity="%.2f"/><stop offset="1" stop-color="#ffdc96" stop-opacity="0"/></radialGradient>
<radialGradient id="bulb"><stop stop-color="#fffef6"/><stop offset=".6" stop-color="#fff0c4"/><stop offset="1" stop-color="#ffdf95"/></radialGradient>
<filter id="soft" x="-50%%" y="-200%%" width="200%%" height="500%%"><feGaussianBlur stdDeviation="16"/></filter>
</defs>
<rect width="800" height="1000" fill="url(#wall)"/>
<circle cx="%.0f" cy="%.0f" r="%.0f" fill="url(#halo)"/>
<rect y="800" width="800" height="200" fill="url(#top)"/><rect y="800" width="800" height="3" fill="#fff" opacity=".25"/>
<ellipse cx="%.0f" cy="845" rx="%.0f" ry="46" fill="url(#halo)"/>
%s</svg>`, title, sc[0], sc[1], sc[2], sc[3],
		f.mid, f.light, f.mid, f.dark,
		s.mid, s.light, s.mid, s.dark,
		.85*glow, .95*glow, .5*glow,
		x, y, r*2.6, x, r*1.9, lamp.String())
	return err
}

func shadow(b *strings.Builder, x, y, rx float64) {
	fmt.Fprintf(b, `<ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f" fill="#2a1c0e" opacity=".38" filter="url(#soft)"/>`, x+26, y, rx, rx*.15)
}

// shape draws one path twice: painted, then lit from below.
func shape(b *strings.Builder, path string) {
	fmt.Fprintf(b, `<path d="%s" fill="url(#shade)"/><path d="%s" fill="url(#warm)"/>`, path, path)
}

func body(b *strings.Builder, path string) { fmt.Fprintf(b, `<path d="%s" fill="url(#body)"/>`, path) }

func bulb(b *strings.Builder, x, y, rx, ry float64) {
	fmt.Fprintf(b, `<ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f" fill="url(#bulb)"/>`, x, y, rx, ry)
}

func drawMushroom(b *strings.Builder, h float64) (x, y, r float64) {
	top := 850 - 330*h
	shadow(b, 400, 862, 170)
	body(b, fmt.Sprintf("M372 %.0f C374 %.0f 352 790 300 838 Q296 866 400 868 Q504 866 500 838 C448 790 426 %.0f 428 %.0f Z", top, top+150*h, top+150*h, top))
	bulb(b, 400, top+6, 205, 26)
	shape(b, fmt.Sprintf("M178 %.0f C178 %.0f 268 %.0f 400 %.0f C532 %.0f 622 %.0f 622 %.0f C622 %.0f 178 %.0f 178 %.0f Z",
		top, top-150, top-232, top-232, top-232, top-150, top, top+36, top+36, top))
	return 400, top + 10, 260
}

func drawPleat(b *strings.Builder, h float64) (x, y, r float64) {
	top := 820 - 300*h
	shadow(b, 400, 860, 150)
	body(b, fmt.Sprintf("M386 %.0f H414 V640 C470 660 496 720 486 790 C480 836 456 862 400 864 C344 862 320 836 314 790 C304 720 330 660 386 640 Z", top))
	shape(b, fmt.Sprintf("M300 %.0f H500 L602 %.0f Q400 %.0f 198 %.0f Z", top-250, top, top+34, top))
	for i := 1; i < 16; i++ {
		t := float64(i) / 16
		fmt.Fprintf(b, `<path d="M%.0f %.0f L%.0f %.0f" stroke="#5b3d18" stroke-opacity=".16" stroke-width="3"/>`,
			300+200*t, top-250, 198+404*t, top+17*math.Sin(math.Pi*t))
	}
	return 400, top - 60, 260
}

func drawDesk(b *strings.Builder, h float64) (x, y, r float64) {
	elbow := 850 - 330*h
	shadow(b, 470, 862, 150)
	body(b, "M340 846 Q340 828 470 828 Q600 828 600 846 V858 Q600 874 470 874 Q340 874 340 858 Z")
	fmt.Fprintf(b, `<path d="M470 836 L560 %.0f L300 %.0f" fill="none" stroke="url(#body)" stroke-width="17" stroke-linejoin="round" stroke-linecap="round"/>`, elbow, elbow-190)
	fmt.Fprintf(b, `<circle cx="560" cy="%.0f" r="21" fill="url(#body)"/><circle cx="560" cy="%.0f" r="7" fill="#fff" opacity=".5"/>`, elbow, elbow)
	y = elbow - 190
	fmt.Fprintf(b, `<g transform="rotate(24 300 %.0f)">`, y)
	bulb(b, 282, y+150, 128, 24)
	shape(b, fmt.Sprintf("M254 %.0f Q258 %.0f 282 %.0f Q306 %.0f 310 %.0f C330 %.0f 414 %.0f 414 %.0f Q282 %.0f 150 %.0f C150 %.0f 234 %.0f 254 %.0f Z",
		y, y-34, y-34, y-34, y, y+20, y+70, y+146, y+178, y+146, y+70, y+20, y))
	b.WriteString(`</g>`)
	return 250, y + 190, 210
}

func drawFloor(b *strings.Builder, h float64) (x, y, r float64) {
	top := 780 - 400*h
	shadow(b, 400, 882, 150)
	body(b, "M290 872 Q290 858 400 858 Q510 858 510 872 V880 Q510 894 400 894 Q290 894 290 880 Z")
	body(b, fmt.Sprintf("M392 %.0f H408 V866 H392 Z", top))
	bulb(b, 400, top-4, 158, 20)
	shape(b, fmt.Sprintf("M268 %.0f H532 L566 %.0f Q400 %.0f 234 %.0f Z", top-230, top-6, top+26, top-6))
	fmt.Fprintf(b, `<ellipse cx="400" cy="%.0f" rx="132" ry="12" fill="#fff2c9" opacity=".8"/>`, top-230)
	return 400, top - 80, 260
}

func drawPendant(b *strings.Builder, h float64) (x, y, r float64) {
	y = 120 + 260*h
	fmt.Fprintf(b, `<path d="M400 0 V%.0f" stroke="#2b2622" stroke-width="5"/>`, y-150)
	body(b, fmt.Sprintf("M376 %.0f Q376 %.0f 400 %.0f Q424 %.0f 424 %.0f V%.0f H376 Z", y-140, y-172, y-172, y-172, y-140, y-104))
	bulb(b, 400, y+92, 226, 30)
	shape(b, fmt.Sprintf("M368 %.0f H432 C560 %.0f 640 %.0f 644 %.0f Q400 %.0f 156 %.0f C160 %.0f 240 %.0f 368 %.0f Z", y-108, y-90, y-10, y+86, y+124, y+86, y-10, y-90, y-108))
	shadow(b, 300, 862, 110)
	fmt.Fprint(b, `<path d="M196 806 H404 C400 850 360 872 300 872 C240 872 200 850 196 806 Z" fill="#f4efe6"/><path d="M196 806 H404 C403 816 400 826 396 834 Q300 846 204 834 C200 826 197 816 196 806Z" fill="#dcd3c4"/><ellipse cx="300" cy="806" rx="104" ry="14" fill="#fbf8f2"/><circle cx="270" cy="794" r="32" fill="#d9803f"/><circle cx="322" cy="792" r="34" fill="#e39a4c"/><circle cx="296" cy="772" r="30" fill="#cf6f35"/>`)
	return 400, y + 110, 280
}

func drawGlobe(b *strings.Builder, h float64) (x, y, r float64) {
	y = 790 - 220*h
	shadow(b, 400, 862, 130)
	body(b, fmt.Sprintf("M300 840 Q300 826 400 826 Q500 826 500 840 V854 Q500 870 400 870 Q300 870 300 854 Z M388 %.0f H412 V836 H388 Z", y+150))
	body(b, fmt.Sprintf("M340 %.0f Q340 %.0f 400 %.0f Q460 %.0f 460 %.0f V%.0f H340 Z", y+150, y+136, y+136, y+136, y+150, y+172))
	fmt.Fprintf(b, `<circle cx="400" cy="%.0f" r="158" fill="url(#shade)"/><circle cx="400" cy="%.0f" r="158" fill="url(#halo)"/><ellipse cx="346" cy="%.0f" rx="42" ry="58" fill="#fff" opacity=".42" transform="rotate(28 346 %.0f)"/>`, y, y, y-72, y-72)
	return 400, y, 260
}

func drawLantern(b *strings.Builder, h float64) (x, y, r float64) {
	top := 850 - 300*h
	shadow(b, 400, 866, 140)
	fmt.Fprintf(b, `<path d="M300 %.0f C300 %.0f 500 %.0f 500 %.0f" fill="none" stroke="url(#body)" stroke-width="13"/>`, top-30, top-190, top-190, top-30)
	fmt.Fprintf(b, `<rect x="286" y="%.0f" width="228" height="%.0f" rx="34" fill="url(#shade)"/><rect x="286" y="%.0f" width="228" height="%.0f" rx="34" fill="url(#warm)"/>`, top, 850-top, top, 850-top)
	fmt.Fprintf(b, `<ellipse cx="400" cy="%.0f" rx="62" ry="%.0f" fill="url(#halo)"/>`, (top+850)/2, (850-top)/2)
	body(b, fmt.Sprintf("M276 %.0f Q276 %.0f 304 %.0f H496 Q524 %.0f 524 %.0f V%.0f H276 Z", top, top-40, top-40, top-40, top, top+16))
	body(b, "M276 824 H524 V846 Q524 874 496 874 H304 Q276 874 276 846 Z")
	return 400, (top + 850) / 2, 240
}

func drawSconce(b *strings.Builder, h float64) (x, y, r float64) {
	y = 640 - 200*h
	fmt.Fprintf(b, `<circle cx="430" cy="%.0f" r="196" fill="#2a1c0e" opacity=".22" filter="url(#soft)"/>`, y+22)
	fmt.Fprintf(b, `<circle cx="400" cy="%.0f" r="236" fill="url(#halo)"/><circle cx="400" cy="%.0f" r="190" fill="url(#shade)"/><circle cx="400" cy="%.0f" r="190" fill="url(#warm)"/>`, y, y, y)
	fmt.Fprintf(b, `<circle cx="400" cy="%.0f" r="66" fill="url(#body)"/><circle cx="384" cy="%.0f" r="20" fill="#fff" opacity=".3"/>`, y, y-20)
	shadow(b, 560, 862, 60)
	fmt.Fprint(b, `<path d="M520 700 H600 L588 866 Q560 874 532 866 Z" fill="#f4efe6"/><path d="M562 700 C560 610 600 560 590 470 M558 700 C560 630 530 590 540 520" stroke="#6d7d5c" stroke-width="6" fill="none"/><ellipse cx="590" cy="470" rx="15" ry="36" fill="#8da07a"/><ellipse cx="541" cy="520" rx="13" ry="32" fill="#7b8f69"/><ellipse cx="606" cy="560" rx="13" ry="32" fill="#94a781" transform="rotate(30 606 560)"/>`)
	return 400, y, 250
}

// swatch writes a picture of the material, as a PNG with grain: the shop's
// only generated bitmap, 96 pixels square.
func swatch(w io.Writer, finish string) error {
	t := finishes[finish]
	const size = 96
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	seed := uint32(2463534242)
	for y := range size {
		for x := range size {
			seed ^= seed << 13
			seed ^= seed >> 17
			seed ^= seed << 5
			grain := float64(seed%100)/100 - .5
			wave := math.Sin(float64(x)/9 + 3*math.Sin(float64(y)/31))
			img.Set(x, y, mix(hex(t.mid), hex(t.light), .45+.16*wave+.12*grain))
		}
	}
	return png.Encode(w, img)
}

func hex(s string) (c color.RGBA) {
	fmt.Sscanf(s, "#%02x%02x%02x", &c.R, &c.G, &c.B)
	c.A = 255
	return c
}

func mix(a, b color.RGBA, t float64) color.RGBA {
	t = min(max(t, 0), 1)
	part := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*t) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 255}
}
