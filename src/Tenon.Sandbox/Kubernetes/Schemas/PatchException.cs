namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>A patch that cannot be applied; the answer has the status <see cref="Status"/> and this message.</summary>
public sealed class PatchException(int status, string reason, string message) : Exception(message)
{
    /// <summary>The HTTP status: 400, or 422.</summary>
    public int Status { get; } = status;

    /// <summary>The reason of the Status: <c>BadRequest</c> or <c>Invalid</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>400 BadRequest.</summary>
    public static PatchException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>422 Invalid.</summary>
    public static PatchException Invalid(string message) => new(422, "Invalid", message);
}
