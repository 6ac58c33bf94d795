package rewrite

import (
	"slices"
	"strings"
)

// Integrity reports whether a body is what integrity metadata says (SRI §3.3.5):
// it has one of the digests by the strongest algorithm that is named. Metadata
// of which nothing is known fits every body.
func Integrity(metadata string, body []byte) bool {
	var best string
	var want []string
	for _, item := range strings.Fields(metadata) {
		item, _, _ = strings.Cut(item, "?")
		algorithm, value, ok := strings.Cut(item, "-")
		algorithm = strings.ToLower(algorithm)
		if !ok || !slices.Contains([]string{"sha256", "sha384", "sha512"}, algorithm) || algorithm < best {
			continue
		}
		if algorithm > best {
			best, want = algorithm, nil
		}
		want = append(want, base64Alphabet.Replace(value))
	}
	return best == "" || slices.Contains(want, digest(best, body))
}

// integrity tells of an element whose address and integrity are those given.
func (h *document) integrity(address string) {
	if h.has("integrity") {
		h.demand(h.value(address), h.value("integrity"))
	}
}

func (h *document) demand(url, metadata string) {
	if url = strings.TrimSpace(url); h.page.OnIntegrity != nil && url != "" && metadata != "" && len(metadata) <= maxIntegrity {
		h.page.OnIntegrity(h.baseHref, url, metadata)
	}
}

// maxIntegrity bounds what is remembered of one element.
const maxIntegrity = 2 << 10
