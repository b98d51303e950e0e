using Tenon.Core;

namespace Tenon.OpenStack.Identity;

/// <summary>Who we are and what we were given, as Keystone answered.</summary>
public sealed record AuthenticatedIdentity
{
    /// <summary>The user's ID.</summary>
    public required string UserId { get; init; }

    /// <summary>The user's name.</summary>
    public string UserName { get; init; } = "";

    /// <summary>The ID of the domain that holds the user.</summary>
    public string UserDomainId { get; init; } = "";

    /// <summary>The scope's project, when it is one.</summary>
    public string? ProjectId { get; init; }

    /// <summary>The scope's project's name, when it is one.</summary>
    public string? ProjectName { get; init; }

    /// <summary>The scope's domain's ID, when it is one.</summary>
    public string? DomainId { get; init; }

    /// <summary>The names of the roles on the scope.</summary>
    public EquatableArray<string> Roles { get; init; }

    /// <summary>When the token ends, by Keystone's clock.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The services that may be used.</summary>
    public EquatableArray<CatalogService> Catalog { get; init; }
}

/// <summary>A service of the catalog.</summary>
/// <param name="Type">The type as the cloud spells it, which may be an alias such as <c>octavia</c> or <c>volumev3</c>.</param>
/// <param name="Name">The service's name.</param>
/// <param name="Endpoints">Its endpoints.</param>
public sealed record CatalogService(string Type, string Name, EquatableArray<CatalogEndpoint> Endpoints);

/// <summary>An endpoint of a service.</summary>
/// <param name="Region">The region.</param>
/// <param name="Interface"><c>public</c>, <c>internal</c> or <c>admin</c>.</param>
/// <param name="Url">The URL.</param>
public sealed record CatalogEndpoint(string Region, string Interface, string Url);

/// <summary>A project that the user may use.</summary>
/// <param name="Id">The ID.</param>
/// <param name="Name">The name.</param>
/// <param name="DomainId">The domain that holds it.</param>
/// <param name="Enabled">Whether it can be used.</param>
public sealed record Project(string Id, string Name, string DomainId, bool Enabled);

/// <summary>What the controllers ask of Keystone.</summary>
public interface IIdentityReader
{
    /// <summary>Who we are, from the token in use; authenticates when there is none.</summary>
    /// <exception cref="OpenStackException">Keystone refuses or cannot be reached.</exception>
    Task<AuthenticatedIdentity> GetSelfAsync(CancellationToken cancellationToken);

    /// <summary>The regions in which the catalog has any service, in the catalog's order without repetition.</summary>
    Task<EquatableArray<string>> GetRegionsAsync(CancellationToken cancellationToken);

    /// <summary>Whether the catalog has a service of an official type (or its aliases) in a region; <see langword="null"/> is the configured region.</summary>
    Task<bool> HasServiceAsync(string serviceType, string? region, CancellationToken cancellationToken);

    /// <summary>The projects to which the user could scope a token.</summary>
    IAsyncEnumerable<Project> ListProjectsAsync(CancellationToken cancellationToken);
}
