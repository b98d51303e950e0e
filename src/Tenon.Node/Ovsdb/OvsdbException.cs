namespace Tenon.Nodes.Ovsdb;

/// <summary>The database refused an operation, or the connection to it ended.</summary>
/// <param name="message">What was asked and what the server said.</param>
/// <param name="inner">The failure of the connection, where that was it.</param>
public sealed class OvsdbException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the connection is what failed: the same may well succeed over the next one.</summary>
    public bool IsDisconnected { get; init; }
}
