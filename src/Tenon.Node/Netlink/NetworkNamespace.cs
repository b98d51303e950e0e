using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Tenon.Nodes.Netlink;

/// <summary>A network namespace, held open by a descriptor, so that it stays what it is even if its path goes.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    private NetworkNamespace(string path, int descriptor) => (Path, Descriptor) = (path, descriptor);

    /// <summary>Where it was found.</summary>
    public string Path { get; }

    /// <summary>The descriptor, as netlink takes it.</summary>
    public int Descriptor { get; }

    /// <summary>The calling thread's namespace.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NetworkNamespace Current()
    {
        const string path = "/proc/thread-self/ns/net";
        int descriptor = Native.Open(path, Native.ReadOnly | Native.CloseOnExec);
        return descriptor < 0 ? throw new NetlinkException($"open {path}", Marshal.GetLastPInvokeError()) : new(path, descriptor);
    }

    /// <summary>Opens a namespace; <see langword="null"/> where there is none any more, its path being gone or an ordinary file by now.</summary>
    /// <param name="path">A path such as <c>/run/netns/NAME</c>.</param>
    public static NetworkNamespace? TryOpen(string path)
    {
        int descriptor = Native.Open(path, Native.ReadOnly | Native.CloseOnExec | Native.NonBlocking);
        if (descriptor < 0) return null;
        if (Native.IoControl(descriptor, Native.NamespaceGetType, 0) == Native.CloneNewNet) return new(path, descriptor);
        _ = Native.Close(descriptor);
        return null;
    }

    /// <summary>Runs something with the namespace as the thread's own. A thread of its own serves for it and ends with it.</summary>
    /// <exception cref="NetlinkException">The path is no network namespace, or the caller may not enter it.</exception>
    public T Run<T>(Func<T> work)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Native.SetNamespace(Descriptor, Native.CloneNewNet) < 0) throw new NetlinkException($"enter network namespace {Path}", Marshal.GetLastPInvokeError());
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = "netns",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    /// <summary>Runs something with the namespace as the thread's own.</summary>
    /// <exception cref="NetlinkException">The caller may not enter it.</exception>
    public void Run(Action work) => _ = Run(() =>
    {
        work();
        return true;
    });

    public void Dispose() => _ = Native.Close(Descriptor);
}
