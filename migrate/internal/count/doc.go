// Package count counts, for every verb in the same way, what became of the
// resources of a workspace and which findings it has.
//
// It is for the rooms of migrate alone. What a run prints from it is defined in
// migrate: KindCount and FindingCount.
package count
