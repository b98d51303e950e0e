namespace Tenon.Nodes.Cni;

/// <summary>A call ends with an error of the specification.</summary>
/// <param name="error">The error.</param>
/// <param name="inner">What caused it.</param>
public sealed class CniException(CniError error, Exception? inner = null) : Exception(error.Message, inner)
{
    /// <summary>The error.</summary>
    public CniError Error { get; } = error;
}
