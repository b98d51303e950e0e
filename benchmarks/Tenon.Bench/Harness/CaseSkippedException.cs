namespace Tenon.Bench;

/// <summary>A case cannot be measured on this machine; the message says why.</summary>
internal sealed class CaseSkippedException(string message) : Exception(message);
