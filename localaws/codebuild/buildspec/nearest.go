package buildspec

import (
	"maps"
	"slices"
	"strings"
)

// nearest returns the known key that is at most two edits away, or a half of the word.
func nearest(word string, known fields) string {
	best, distance := "", 3
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if strings.EqualFold(strings.ReplaceAll(word, "-", "_"), strings.ReplaceAll(key, "-", "_")) {
			return key
		}
		if d := edits(word, key); d < distance && d < len(key) {
			best, distance = key, d
		}
	}
	return best
}

// edits is Levenshtein's distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func list(known fields) string {
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
