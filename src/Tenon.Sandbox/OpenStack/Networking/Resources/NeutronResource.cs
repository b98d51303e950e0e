namespace Tenon.Sandbox.OpenStack.Networking.Resources;

/// <summary>What all of Neutron's resources have. Mutable; guarded by the region's gate.</summary>
internal abstract class NeutronResource
{
    public required string Id { get; init; }

    /// <summary>The owner; empty for what belongs to no project.</summary>
    public required string ProjectId { get; init; }

    public string Name { get; set; } = "";

    public string Description { get; set; } = "";

    public SortedSet<string> Tags { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; private set; }

    public int Revision { get; set; }

    /// <summary>Notes a change: a higher revision, a later time.</summary>
    public void Touch(DateTimeOffset now)
    {
        Revision++;
        UpdatedAt = now;
    }

    /// <summary>Sets the time of creation as that of the last change.</summary>
    public void Born(DateTimeOffset now, int revision)
    {
        UpdatedAt = now;
        Revision = revision;
    }
}
