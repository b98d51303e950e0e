using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// A real PostgreSQL server on a machine. It lets everybody in from everywhere, so that whoever does not reach it was stopped by the network. Standbys
/// follow a primary, which answers a write once they show it too.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The port.</summary>
    public const int Port = 5432;

    private const string User = "postgres";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly string Programs = Path.Combine(Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last(), "bin");
    private readonly Guest _machine;
    private readonly ServerProgram _program;

    private PostgresServer(Guest machine, ServerProgram program) => (_machine, _program) = (machine, program);

    /// <summary>Makes a server whose writes wait for so many standbys.</summary>
    /// <param name="machine">The machine that it runs on.</param>
    /// <param name="folder">Where its data goes.</param>
    /// <param name="standbys">How many standbys there will be.</param>
    public static async Task<PostgresServer> StartPrimaryAsync(Guest machine, string folder, int standbys)
    {
        string data = await MakeFolderAsync(folder, machine);
        await RunAsync(machine, "initdb", "-D", data, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        await File.AppendAllTextAsync(Path.Combine(data, "pg_hba.conf"), "host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n", TestLife.Token);

        // Copies are made beside each other, each with a checkpoint: what one still has to stream must not be removed by another's.
        return await StartAsync(machine, data, "-c", $"synchronous_standby_names={standbys} (*)", "-c", "synchronous_commit=remote_apply", "-c", "wal_keep_size=512MB");
    }

    /// <summary>Makes a copy of a server that follows it.</summary>
    public static async Task<PostgresServer> StartStandbyAsync(Guest machine, string folder, PostgresServer primary)
    {
        string data = await MakeFolderAsync(folder, machine);
        await RunAsync(machine, "pg_basebackup", "-h", primary._machine.Address, "-U", User, "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync");
        return await StartAsync(machine, data);
    }

    /// <summary>What a query answers on the machine itself: unaligned rows.</summary>
    public async Task<string> QueryAsync(string sql) => (await RunAsync(_machine, "psql", "-h", "127.0.0.1", "-U", User, "-v", "ON_ERROR_STOP=1", "-At", "-c", sql)).Trim();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _program.DisposeAsync();

    private static async Task<string> MakeFolderAsync(string folder, Guest machine)
    {
        string data = Path.Combine(folder, machine.Name);
        (await Tool.RunAsync("install", ["-d", "-o", User, "-m", "0700", data])).ShouldEndWith(0);
        return data;
    }

    private static async Task<PostgresServer> StartAsync(Guest machine, string data, params string[] options)
    {
        // What it writes is thrown away, so nothing waits for the disk.
        ServerProgram program = ServerProgram.Start(machine.Namespace, "QUIT",
        [
            .. As(User), Path.Combine(Programs, "postgres"), "-D", data, "-p", $"{Port}", "-c", "listen_addresses=*", "-c", "unix_socket_directories=", "-c", "fsync=off",
            "-c", "shared_buffers=16MB", "-c", "max_connections=40", .. options,
        ]);
        var server = new PostgresServer(machine, program);
        try
        {
            await Eventually.UntilAsync($"PostgreSQL answers on {machine.Name}", Limit, async () =>
            {
                program.HasEnded.ShouldBeFalse(program.Log);
                return (await machine.RunAsync(Path.Combine(Programs, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", $"{Port}")).Code == 0;
            }, () => program.Log);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static async Task<string> RunAsync(Guest machine, string program, params string[] arguments)
        => (await machine.RunAsync([.. As(User), Path.Combine(Programs, program), .. arguments])).ShouldEndWith(0).Output;

    private static string[] As(string user) => ["setpriv", $"--reuid={user}", $"--regid={user}", "--init-groups", "--"];
}
