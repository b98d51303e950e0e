using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>What all of Keystone's named things have. <see cref="Extra"/> holds attributes that Keystone stores without knowing them.</summary>
internal abstract class IdentityResource
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public string? Description { get; set; }

    public bool Enabled { get; set; } = true;

    public JsonObject Extra { get; } = [];

    public JsonObject Options { get; set; } = [];
}

internal sealed class Domain : IdentityResource;

internal sealed class Project : IdentityResource
{
    public required string DomainId { get; init; }

    public required string ParentId { get; init; }

    public List<string> Tags { get; } = [];
}

internal sealed class User : IdentityResource
{
    public required string DomainId { get; init; }

    public string? Password { get; set; }

    public string? DefaultProjectId { get; set; }
}

internal sealed class Role : IdentityResource
{
    public string? DomainId { get; init; }
}

/// <summary>A role of a user on a project, on a domain, or (neither) on the system.</summary>
internal sealed record RoleAssignment(string UserId, string RoleId, string? ProjectId, string? DomainId);

internal sealed class CatalogRegion
{
    public required string Id { get; init; }

    public string Description { get; set; } = "";

    public string? ParentId { get; set; }
}

internal sealed class CatalogService : IdentityResource
{
    public required string Type { get; set; }
}

internal sealed class CatalogEndpoint
{
    public required string Id { get; init; }

    public required string ServiceId { get; set; }

    public required string Interface { get; set; }

    public string? RegionId { get; set; }

    /// <summary>May contain <c>%(project_id)s</c> and <c>$(project_id)s</c>.</summary>
    public required string Url { get; set; }

    public bool Enabled { get; set; } = true;
}

internal sealed class ApplicationCredential
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    public required string UserId { get; init; }

    public required string ProjectId { get; init; }

    public required string Secret { get; init; }

    public required ImmutableArray<string> RoleIds { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public bool? Unrestricted { get; init; }

    /// <summary>Kept and shown; a real cloud's middleware enforces them.</summary>
    public JsonArray? AccessRules { get; init; }
}

internal sealed class Trust
{
    public required string Id { get; init; }

    public required string TrustorId { get; init; }

    public required string TrusteeId { get; init; }

    public string? ProjectId { get; init; }

    public required bool Impersonation { get; init; }

    public required ImmutableArray<string> RoleIds { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public int? RemainingUses { get; set; }
}

/// <summary>A token as it was issued; what it is worth is worked out when it is used.</summary>
internal sealed class Token
{
    public required string Id { get; init; }

    public required string UserId { get; init; }

    public required ImmutableArray<string> Methods { get; init; }

    public required ImmutableArray<string> AuditIds { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public string? ProjectId { get; init; }

    public string? DomainId { get; init; }

    public bool System { get; init; }

    public string? TrustId { get; init; }

    public string? ApplicationCredentialId { get; init; }

    /// <summary>Whether the credential's end is the token's; Keystone writes such a time without fraction and zone.</summary>
    public bool EndsWithCredential { get; init; }

    /// <summary>The last valuation, and the store's version that it holds for.</summary>
    public (long Version, TokenInfo? Info) Valued { get; set; }
}
