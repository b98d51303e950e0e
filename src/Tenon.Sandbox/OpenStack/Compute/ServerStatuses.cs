using System.Collections.Immutable;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>How vm_state and task_state show as a status, and which of them a status stands for in a list's filter.</summary>
internal static class ServerStatuses
{
    private const string Any = "default";

    private static readonly ImmutableArray<(string VmState, string Task, string Status)> Map =
    [
        (VmStates.Active, Any, "ACTIVE"), (VmStates.Active, "rebooting", "REBOOT"), (VmStates.Active, "reboot_pending", "REBOOT"),
        (VmStates.Active, "rebooting_hard", "HARD_REBOOT"), (VmStates.Active, "updating_password", "PASSWORD"), (VmStates.Active, "rebuilding", "REBUILD"),
        (VmStates.Active, "resize_prep", "RESIZE"), (VmStates.Building, Any, "BUILD"), (VmStates.Stopped, Any, "SHUTOFF"),
        (VmStates.Stopped, "resize_prep", "RESIZE"), (VmStates.Stopped, "rebuilding", "REBUILD"), (VmStates.Resized, Any, "VERIFY_RESIZE"),
        (VmStates.Resized, "resize_reverting", "REVERT_RESIZE"), (VmStates.Paused, Any, "PAUSED"), (VmStates.Suspended, Any, "SUSPENDED"),
        (VmStates.Rescued, Any, "RESCUE"), (VmStates.Error, Any, "ERROR"), (VmStates.Error, "rebuilding", "REBUILD"), (VmStates.Deleted, Any, "DELETED"),
        (VmStates.SoftDeleted, Any, "SOFT_DELETED"), (VmStates.Shelved, Any, "SHELVED"), (VmStates.ShelvedOffloaded, Any, "SHELVED_OFFLOADED"),
    ];

    /// <summary>What a server shows as.</summary>
    public static string Of(string vmState, string? task)
    {
        string? status = Map.FirstOrDefault(m => m.VmState == vmState && m.Task == task).Status;
        return status ?? Map.FirstOrDefault(m => m.VmState == vmState && m.Task == Any).Status ?? "UNKNOWN";
    }

    /// <summary>
    /// What statuses stand for: states, and tasks unless one of them goes without. So ACTIVE selects also what shows as REBOOT.
    /// </summary>
    /// <returns>No states where no status is known.</returns>
    public static (ImmutableArray<string> VmStates, ImmutableArray<string> Tasks) Behind(IEnumerable<string> statuses)
    {
        HashSet<string> wanted = new(statuses, StringComparer.OrdinalIgnoreCase);
        (string VmState, string Task, string Status)[] found = [.. Map.Where(m => wanted.Contains(m.Status))];
        ImmutableArray<string> tasks = found.Any(f => f.Task == Any) ? [] : [.. found.Select(f => f.Task).Distinct()];
        return ([.. found.Select(f => f.VmState).Distinct()], tasks);
    }
}
