using Tenon.Core;
using Tenon.Network.Policies;

namespace Tenon.Network.SecurityGroups;

/// <summary>
/// How a cluster's security groups are told from others: by their description, which Neutron stores with the create and filters by, so that marking
/// them costs no call; and which is which, by their name.
/// </summary>
public static class GroupNames
{
    private const int NeutronLimit = 255;

    /// <summary>The description of every group of a cluster.</summary>
    public static string Mark(string cluster) => NetworkMarks.Cluster(cluster);

    /// <summary>The name of a group: its key, and what people read.</summary>
    public static string Of(DesiredGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return BoundedName.Fit($"{group.Key} {group.Title}", NeutronLimit);
    }

    /// <summary>The key in a group's name.</summary>
    public static string KeyOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int blank = name.IndexOf(' ', StringComparison.Ordinal);
        return blank < 0 ? name : name[..blank];
    }
}
