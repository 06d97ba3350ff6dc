package claim

// Valid says whether a renewal is good at some time.
var Valid = valid
