using Tenon.Core;
using Tenon.Network.Policies;

namespace Tenon.Network.SecurityGroups;

/// <summary>Which of a cluster's security groups is which: by their name. That they are the cluster's, <see cref="NetworkMarks.Cluster"/> says.</summary>
public static class GroupNames
{
    private const int NeutronLimit = 255;

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
