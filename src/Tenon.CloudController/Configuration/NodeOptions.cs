using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>The section <c>[Node]</c> of cloud.conf, which is Tenon's own: how nodes are tied to servers.</summary>
public sealed record NodeOptions
{
    /// <summary>
    /// Whether provider IDs carry the region (<c>openstack://REGION/ID</c>); <see langword="null"/> leaves it to the environment variable
    /// <c>OS_CCM_REGIONAL</c>, then to no.
    /// </summary>
    public bool? RegionalProviderId { get; init; }

    /// <summary>What the section may hold.</summary>
    public static SectionDefinition Definition { get; } = new("Node", HasSubsections: false,
    [
        new("regional-provider-id", OptionKind.Flag, "$OS_CCM_REGIONAL, or false"),
    ]);

    /// <summary>Reads the section, gathering problems.</summary>
    public static NodeOptions Read(OptionReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new NodeOptions
        {
            RegionalProviderId = reader.IsSet("regional-provider-id") ? reader.Flag("regional-provider-id", otherwise: false) : null,
        };
    }
}
