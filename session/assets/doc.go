// Package assets keeps the styles, images, fonts and media which a session's
// leader received, so that followers see the same bytes without a request to
// the site.
package assets
