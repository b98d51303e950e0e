namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>
/// An error answer. Handlers throw it; the service words it (<see cref="ApiService.Render"/>). Throw before changing anything: what
/// a handler did is not undone.
/// </summary>
internal sealed class ApiFault : Exception
{
    public ApiFault(int status, string message, string? type = null, string detail = "") : base(message)
    {
        Status = status;
        Type = type;
        Detail = detail;
    }

    public ApiFault()
    {
    }

    public ApiFault(string message) : base(message) => Status = 500;

    public ApiFault(string message, Exception innerException) : base(message, innerException) => Status = 500;

    /// <summary>The HTTP status.</summary>
    public int Status { get; } = 500;

    /// <summary>The service's name of the error, such as Neutron's <c>PortNotFound</c>; null where the status decides.</summary>
    public string? Type { get; }

    /// <summary>Neutron's detail; Octavia's debuginfo.</summary>
    public string Detail { get; } = "";

    /// <summary>Headers of the answer.</summary>
    public Dictionary<string, string> Headers { get; } = [];
}
