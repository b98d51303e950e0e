using System.Collections.Immutable;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>What a valid token says of who asks.</summary>
internal sealed record TokenInfo
{
    public required string UserId { get; init; }

    public required string UserName { get; init; }

    /// <summary>The project that the token is scoped to; null where it is unscoped or scoped to a domain.</summary>
    public string? ProjectId { get; init; }

    public string? DomainId { get; init; }

    /// <summary>The names of the roles held, implied ones included.</summary>
    public required ImmutableArray<string> Roles { get; init; }

    /// <summary>Whether the admin role is among them: the services' default policy lets such see and change every project's resources.</summary>
    public bool IsAdmin => Roles.Contains("admin");

    public bool HasRole(string name) => Roles.Contains(name);

    /// <summary>Whether a resource of this project is the asker's.</summary>
    public bool Owns(string? projectId) => projectId is not null && projectId == ProjectId;

    /// <summary>Whether a resource of this project may be seen and changed.</summary>
    public bool MaySee(string? projectId) => IsAdmin || Owns(projectId);
}
