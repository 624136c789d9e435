// Verifies a log by Go's own checksum-database code: golang.org/x/mod/sumdb, as the Go toolchain
// vendors it.
//
//	verifier DIR VKEY [KEPT...]
//
// DIR is a tree of tiles (C2SP tlog-tiles), VKEY the log's public key, KEPT a checkpoint or a receipt
// (C2SP tlog-proof) that was kept elsewhere. The first line tells what was found, the exit code is 0 or 1.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

func main() {
	if len(os.Args) < 3 {
		fmt.Println("usage: verifier DIR VKEY [KEPT...]")
		os.Exit(2)
	}
	size, err := verify(os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Println("rejected:", err)
		os.Exit(1)
	}
	fmt.Println("accepted:", size, "entries")
}

func verify(dir, vkey string, kept []string) (int64, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return 0, err
	}
	tree, err := checkpoint(text, verifier)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	entries, err := entries(dir, tree.N)
	if err != nil {
		return 0, err
	}
	leaves, err := leaves(tiles{dir}, tree)
	if err != nil {
		return 0, fmt.Errorf("tiles: %w", err)
	}
	for n, entry := range entries {
		if tlog.RecordHash(entry) != leaves[n] {
			return 0, fmt.Errorf("entry %d is not the one that its tile hashes", n)
		}
	}
	if err := recomputed(entries, tree); err != nil {
		return 0, err
	}
	for _, path := range kept {
		if err := agrees(path, verifier, tree, entries, tlog.TileHashReader(tree, tiles{dir})); err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return tree.N, nil
}

// checkpoint reads a signed note with three lines: origin, size, root.
func checkpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("its text has not the three lines of this log's checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// entries reads all bundles; an entry has its length in two bytes before it.
func entries(dir string, size int64) ([][]byte, error) {
	var all [][]byte
	for first := int64(0); first < size; first += width {
		tile := tlog.Tile{H: 8, L: 0, N: first / width, W: int(min(width, size-first))}
		path := strings.Replace(at(tile), "tile/0/", "tile/entries/", 1)
		content, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		for len(content) > 0 {
			if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
				return nil, fmt.Errorf("%s is cut off", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(content))
			all = append(all, content[2:end])
			content = content[end:]
		}
		if int64(len(all)) != min(first+width, size) {
			return nil, fmt.Errorf("%s does not hold %d entries", path, tile.W)
		}
	}
	return all, nil
}

// leaves reads all leaf hashes through the tile reader, which checks each tile against its parents up
// to the root.
func leaves(from tiles, tree tlog.Tree) ([]tlog.Hash, error) {
	indexes := make([]int64, tree.N)
	for n := range indexes {
		indexes[n] = tlog.StoredHashIndex(0, int64(n))
	}
	return tlog.TileHashReader(tree, from).ReadHashes(indexes)
}

// recomputed builds the whole tree from the entries alone.
func recomputed(entries [][]byte, tree tlog.Tree) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), entry, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	hash, err := tlog.TreeHash(tree.N, reader)
	if err == nil && hash != tree.Hash {
		err = errors.New("the entries lead to another root than the checkpoint's")
	}
	return err
}

// agrees compares the log with a checkpoint or receipt that was kept.
func agrees(path string, verifier note.Verifier, tree tlog.Tree, entries [][]byte, reader tlog.HashReader) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	signed, index, leaf, proof := text, int64(-1), []byte(nil), tlog.RecordProof(nil)
	if rest, ok := bytes.CutPrefix(text, []byte("c2sp.org/tlog-proof@v1\n")); ok {
		if signed, index, leaf, proof, err = receipt(rest); err != nil {
			return err
		}
	}
	old, err := checkpoint(signed, verifier)
	if err != nil {
		return err
	}
	if index >= 0 {
		if err := tlog.CheckRecord(proof, old.N, old.Hash, index, tlog.RecordHash(leaf)); err != nil {
			return fmt.Errorf("the receipt shows nothing: %w", err)
		}
		if index >= tree.N || !bytes.Equal(entries[index], leaf) {
			return fmt.Errorf("entry %d is not the one of the receipt", index)
		}
	}
	if old.N > tree.N {
		return fmt.Errorf("it covers %d entries and the log has %d", old.N, tree.N)
	}
	shown, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(shown, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("the log does not go on from it: %w", err)
	}
	return nil
}

// receipt reads what follows the first line of a C2SP tlog-proof.
func receipt(text []byte) (signed []byte, index int64, leaf []byte, proof tlog.RecordProof, err error) {
	head, signed, ok := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) < 2 {
		return nil, 0, nil, nil, errors.New("it is no receipt")
	}
	extra, ok := strings.CutPrefix(lines[0], "extra ")
	number, numbered := strings.CutPrefix(lines[1], "index ")
	if !ok || !numbered {
		return nil, 0, nil, nil, errors.New("the receipt does not bring its entry")
	}
	if leaf, err = base64.StdEncoding.DecodeString(extra); err != nil {
		return nil, 0, nil, nil, err
	}
	if index, err = strconv.ParseInt(number, 10, 64); err != nil {
		return nil, 0, nil, nil, err
	}
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, 0, nil, nil, err
		}
		proof = append(proof, hash)
	}
	return signed, index, leaf, proof, nil
}

// tiles reads tiles from files.
type tiles struct{ dir string }

func (tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	contents := make([][]byte, len(wanted))
	for i, tile := range wanted {
		content, err := os.ReadFile(filepath.Join(t.dir, at(tile)))
		if err != nil {
			return nil, err
		}
		contents[i] = content
	}
	return contents, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// at is the path of C2SP tlog-tiles: Go's own names the height, too.
func at(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}
