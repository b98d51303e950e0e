using Tenon.Core;

namespace Tenon.OpenStack;

/// <summary>Everything needed to authenticate with a cloud and to find its services. Prints without secrets.</summary>
public sealed record CloudCredentials
{
    /// <summary>Keystone's URL, with or without <c>/v3</c>.</summary>
    public required Uri AuthUrl { get; init; }

    /// <summary>How the caller proves who it is.</summary>
    public required AuthMethod Method { get; init; }

    /// <summary>What the token is for. Ignored for application credentials, which carry their own scope.</summary>
    public AuthScope Scope { get; init; } = AuthScope.None;

    /// <summary>The region whose services are used; <see langword="null"/> when the catalog has only one.</summary>
    public string? Region { get; init; }

    /// <summary>Which of a service's endpoints are used.</summary>
    public EndpointInterface Interface { get; init; }

    /// <summary>TLS to all services.</summary>
    public TlsSettings Tls { get; init; } = new();

    /// <summary>Endpoints that replace the catalog's, by service type (<c>network</c>, <c>compute</c>…), as <c>*_endpoint_override</c> in <c>clouds.yaml</c>.</summary>
    public EquatableArray<EndpointOverride> EndpointOverrides { get; init; }
}

/// <summary>One endpoint that replaces the catalog's.</summary>
/// <param name="ServiceType">The official service type, such as <c>load-balancer</c>.</param>
/// <param name="Url">The endpoint.</param>
public sealed record EndpointOverride(string ServiceType, Uri Url);

/// <summary>Which of a service's endpoints are used.</summary>
public enum EndpointInterface
{
    /// <summary><c>public</c>, <c>publicURL</c>.</summary>
    Public,

    /// <summary><c>internal</c>, <c>internalURL</c>.</summary>
    Internal,

    /// <summary><c>admin</c>, <c>adminURL</c>.</summary>
    Admin,
}

/// <summary>A reference to a Keystone domain, by ID or by name; the ID wins when both are given.</summary>
/// <param name="Id">The domain's ID, such as <c>default</c>.</param>
/// <param name="Name">The domain's name, such as <c>Default</c>.</param>
public sealed record DomainReference(string? Id, string? Name)
{
    /// <summary>By ID.</summary>
    public static DomainReference ById(string id) => new(id, null);

    /// <summary>By name.</summary>
    public static DomainReference ByName(string name) => new(null, name);
}

/// <summary>How the caller proves who it is (Keystone v3 authentication methods).</summary>
public abstract record AuthMethod
{
    private AuthMethod()
    {
    }

    /// <summary>A user's password.</summary>
    /// <param name="UserId">The user's ID; makes name and domain unnecessary.</param>
    /// <param name="UserName">The user's name, which needs its domain.</param>
    /// <param name="UserDomain">The domain that holds the user.</param>
    /// <param name="Value">The password.</param>
    public sealed record Password(string? UserId, string? UserName, DomainReference? UserDomain, Secret Value) : AuthMethod;

    /// <summary>A token that somebody else got. It cannot be renewed beyond its own expiry.</summary>
    /// <param name="Value">The token.</param>
    public sealed record Token(Secret Value) : AuthMethod;

    /// <summary>An application credential, by ID, or by name and its user.</summary>
    /// <param name="Id">The credential's ID; makes the rest unnecessary.</param>
    /// <param name="Name">The credential's name, which needs its user.</param>
    /// <param name="UserId">The owner's ID.</param>
    /// <param name="UserName">The owner's name, which needs its domain.</param>
    /// <param name="UserDomain">The domain that holds the owner.</param>
    /// <param name="Value">The credential's secret.</param>
    public sealed record ApplicationCredential(
        string? Id, string? Name, string? UserId, string? UserName, DomainReference? UserDomain, Secret Value) : AuthMethod;
}

/// <summary>What a token is for.</summary>
public abstract record AuthScope
{
    private AuthScope()
    {
    }

    /// <summary>No scope is asked for; Keystone may apply the user's default project.</summary>
    public static AuthScope None { get; } = new Unscoped();

    /// <summary>No scope is asked for.</summary>
    public sealed record Unscoped : AuthScope;

    /// <summary>A project, by ID, or by name and domain.</summary>
    /// <param name="Id">The project's ID; makes name and domain unnecessary.</param>
    /// <param name="Name">The project's name, which needs its domain.</param>
    /// <param name="Owner">The domain that holds the project.</param>
    public sealed record Project(string? Id, string? Name, DomainReference? Owner) : AuthScope;

    /// <summary>A whole domain.</summary>
    /// <param name="Reference">The domain.</param>
    public sealed record Domain(DomainReference Reference) : AuthScope;

    /// <summary>A trust, whose project and roles the token gets.</summary>
    /// <param name="TrustId">The trust's ID.</param>
    public sealed record Trust(string TrustId) : AuthScope;

    /// <summary>The whole deployment (<c>system: all</c>).</summary>
    public sealed record System : AuthScope;
}

/// <summary>TLS to the cloud's services.</summary>
public sealed record TlsSettings
{
    /// <summary>A PEM file with the authorities that are trusted instead of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>A PEM file with the client's certificate (and its chain).</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>A PEM file with the client certificate's key; <see langword="null"/> when the certificate's file holds it.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>Accept any server certificate.</summary>
    public bool Insecure { get; init; }
}
