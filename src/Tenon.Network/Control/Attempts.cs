using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Client;
using Tenon.Network.Ports;
using Tenon.Network.SecurityGroups;
using Tenon.OpenStack;

namespace Tenon.Network.Control;

/// <summary>
/// The calls of a pass. One that fails keeps none of the others: what it was about is left alone for the rest of the pass, since another try would hardly
/// end otherwise, or could do twice what was done although no answer came.
/// </summary>
/// <param name="logger">Takes what is tried and what fails.</param>
/// <param name="parallel">How many calls are made at once.</param>
internal sealed partial class Attempts(ILogger logger, int parallel)
{
    private readonly ConcurrentQueue<(object Change, Exception Failure)> _failed = [];
    private readonly ConcurrentDictionary<object, Exception> _leftOut = [];

    /// <summary>What failed, in no order.</summary>
    public IEnumerable<(object Change, Exception Failure)> Failed => _failed;

    /// <summary>The failure by which the pass goes on: one that time does not cure goes last, so that the others are tried again soon.</summary>
    public Exception? First => _failed.Select(f => f.Failure).OrderBy(e => e is OpenStackException { IsTransient: false } ? 1 : 0).FirstOrDefault();

    /// <summary>Whether some call may have done what is not known, or was refused because the cloud is not as it is known.</summary>
    public bool LeaveDoubt => _failed.Any(f => f.Failure is OpenStackException
    {
        Kind: OpenStackErrorKind.Internal or OpenStackErrorKind.Timeout or OpenStackErrorKind.Unavailable or OpenStackErrorKind.Conflict or OpenStackErrorKind.Busy or OpenStackErrorKind.NotFound,
    });

    /// <summary>What pods are told of it.</summary>
    public IEnumerable<PortProblem> Problems => _failed.SelectMany(f => PortProblems.Of(f.Change, f.Failure));

    /// <summary>Whether a failure says that there is no room for more.</summary>
    public static bool IsQuota(Exception failure) => failure is OpenStackException { Kind: OpenStackErrorKind.Quota };

    /// <summary>What is left of a change without that which failed already; <see langword="null"/> for nothing.</summary>
    public T? Left<T>(T change)
        where T : class
    {
        if (_leftOut.IsEmpty) return change;
        if (change is not PortChange.CreatePorts create) return KeysOf(change).Any(_leftOut.ContainsKey) ? null : change;
        PortChange.CreatePorts left = create with { Ports = [.. create.Ports.Where(p => !_leftOut.ContainsKey(KeyOf(p)))] };
        return left.Ports.IsEmpty ? null : left as T;
    }

    /// <summary>Why what a change is about is left alone; <see langword="null"/> when nothing about it failed.</summary>
    public Exception? FailureOf(object change) => KeysOf(change).Select(k => _leftOut.GetValueOrDefault(k)).FirstOrDefault(e => e is not null);

    /// <summary>Why rules could not be added to a group; <see langword="null"/> when they could.</summary>
    public Exception? FailureOfGroup(string key) => _leftOut.GetValueOrDefault(("group", key));

    /// <summary>Makes calls that do not depend on each other, some at once.</summary>
    public Task EachAsync<T>(IEnumerable<T> changes, Func<T, Task> apply)
        where T : class
        => Parallel.ForEachAsync(changes, new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (change, _) => await TryAsync(change, apply));

    /// <summary>Makes a call.</summary>
    /// <returns>Whether it was carried out.</returns>
    public async Task<bool> TryAsync<T>(T change, Func<T, Task> apply)
        where T : class
    {
        if (await AskAsync(change, apply) is not { } failure) return true;
        Fail(change, failure);
        return false;
    }

    /// <summary>Makes a call of which the caller knows what to do should it fail.</summary>
    /// <returns>Why it failed, or <see langword="null"/>.</returns>
    public async Task<Exception?> AskAsync<T>(T change, Func<T, Task> apply)
        where T : class
    {
        try
        {
            LogChange(change);
            await apply(change);
            return null;
        }
        catch (Exception e) when (e is OpenStackException or KubernetesException)
        {
            LogFailure(change, e.Message);
            return e;
        }
    }

    /// <summary>Something failed.</summary>
    public void Fail(object change, Exception failure)
    {
        _failed.Enqueue((change, failure));
        foreach (object key in KeysOf(change)) _leftOut[key] = failure;
    }

    /// <summary>What changes are about: of two that share something the second is not tried once the first has failed.</summary>
    private static ImmutableArray<object> KeysOf(object change) => change switch
    {
        PortChange.CreatePorts create => [.. create.Ports.Select(KeyOf)],
        PortChange.AddSubPorts add => [("trunk", add.TrunkId)],
        PortChange.RemoveSubPorts remove => [("trunk", remove.TrunkId)],
        PortChange.SetGroups set => [("port", set.PortId)],
        PortChange.DeletePort delete => [("port", delete.PortId)],
        PortChange.WritePodPort write => [write.Pod],
        PortChange.AskToUnplug ask => [ask.Pod],
        PortChange.DeletePodPort delete => [delete.Pod],
        GroupChange.CreateGroups create => [.. create.Groups.Select(g => ("group", g.Key))],
        GroupChange.CreateRules create => [("group", create.Rules[0].GroupKey)],
        _ => [change],
    };

    private static object KeyOf(OpenStack.Networking.PortCreate port) => ("new port", port.NetworkId, port.Name);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Change}")]
    private partial void LogChange(object change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Change}: {Failure}")]
    private partial void LogFailure(object change, string failure);
}
