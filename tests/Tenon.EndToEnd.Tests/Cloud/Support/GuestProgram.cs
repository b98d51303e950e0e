using System.Diagnostics;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The program in a guest (<c>guest.py</c>): it opens and closes servers as it is told, and ends with its input.</summary>
internal sealed class GuestProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly SemaphoreSlim _one = new(1);

    private readonly string _namespace;

    private GuestProgram(Process process, string @namespace) => (_process, _namespace) = (process, @namespace);

    /// <summary>Starts it in a namespace.</summary>
    public static GuestProgram Start(string @namespace, string name)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Cloud", "Support", "guest.py");
        Process process = Process.Start(Tool.StartOf("ip", ["netns", "exec", @namespace, "/usr/bin/python3", "-I", script, name], null))!;
        var program = new GuestProgram(process, @namespace);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null) TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {line.Data}");
        };
        process.BeginErrorReadLine();
        return program;
    }

    /// <summary>Gives an order and waits for it to be carried out.</summary>
    public async Task TellAsync(string order) => (await AskAsync(order)).ShouldBeEmpty(order);

    /// <summary>Gives an order and returns what it is answered.</summary>
    public async Task<string> AskAsync(string order)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await _one.WaitAsync(cancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(order.AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
            string answer = (await _process.StandardOutput.ReadLineAsync(cancellationToken)).ShouldNotBeNull($"the program in {_namespace} has ended");
            answer.ShouldStartWith("ok", Case.Sensitive, order);
            return answer[2..].TrimStart();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _one.Dispose();
    }
}
