namespace Tenon.Nodes.Plugging;

/// <summary>
/// Whether those work that carry out what the database says: Open vSwitch itself and, where pods' interfaces are OVN's, OVN's controller. What cannot be seen is
/// taken to work.
/// </summary>
/// <param name="options">How the switch is reached.</param>
/// <param name="time">The clock.</param>
internal sealed class SwitchHealth(PlugOptions options, TimeProvider time)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);
    private readonly ControlSockets _switch = new(Path.GetDirectoryName(options.DatabaseSocket) ?? "", "ovs-vswitchd");
    private readonly ControlSockets? _controller = options.TrunkBridge is null && options.OvnFolder is { } folder ? new(folder, "ovn-controller") : null;
    private readonly Lock _lock = new();
    private (long Made, long Since)? _behind;

    /// <summary>Why nothing is carried out; <see langword="null"/> when it is, as far as can be seen.</summary>
    /// <param name="progress">The number of the last change of the configuration that was asked for, and of the last that the switch has made.</param>
    public string? WhyNot((long Asked, long Made) progress)
    {
        lock (_lock)
        {
            if (_switch.HasEnded()) return "Open vSwitch does not run: nobody listens at ovs-vswitchd's control socket, only its database answers";
            if (IsStuck(progress)) return $"Open vSwitch has not followed its database for {Slow.TotalSeconds:0} s: ovs-vswitchd does not run, or hangs";
            return _controller?.HasEnded() == true ? $"OVN does not run on this node: nobody listens at ovn-controller's control socket in {options.OvnFolder}" : null;
        }
    }

    /// <summary>Whether changes have been asked for all the while, and none was made.</summary>
    private bool IsStuck((long Asked, long Made) progress)
    {
        if (progress.Asked == progress.Made) _behind = null;
        else if (_behind?.Made != progress.Made) _behind = (progress.Made, time.GetTimestamp());
        return _behind is { } behind && time.GetElapsedTime(behind.Since) > Slow;
    }
}
